//! 1,797 handwritten digits, 8×8 pixels with integer values from 0 to 16.
//!
//! Source: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak 1998, CC BY 4.0;
//! see `fixtures/digits/README.md`. Pixels divided by 16 are dyadic rationals: the images are exact.

use std::io::Read;

use flate2::read::GzDecoder;
use num_rational::BigRational;

use crate::error::Error;
use crate::spec::Example;

static FILE: &[u8] = include_bytes!("../../fixtures/digits/digits.csv.gz");

/// How many pixels an image has.
pub const PIXELS: usize = 64;

/// How many classes there are.
pub const CLASSES: usize = 10;

/// One image and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digit {
    /// 64 values from 0 to 16, row by row.
    pub pixels: [u8; PIXELS],
    /// 0 to 9.
    pub class: u8,
}

/// The images, split: every fifth is held out.
#[derive(Clone, Debug)]
pub struct Digits {
    /// What networks are trained on.
    pub training: Vec<Digit>,
    /// What they are judged on.
    pub held_out: Vec<Digit>,
}

impl Digit {
    /// The image as an example: pixel/16, and a one-hot target.
    #[must_use]
    pub fn example(&self) -> Example {
        let pixel = |&value: &u8| BigRational::new(value.into(), 16.into());
        let one_hot = |class: usize| u8::from(class == usize::from(self.class));
        Example {
            input: self.pixels.iter().map(pixel).collect(),
            target: (0..CLASSES).map(|c| BigRational::from_integer(one_hot(c).into())).collect(),
            equilibrium: None,
        }
    }
}

/// Unpacks the embedded images.
///
/// # Errors
/// [`Error::Input`] if the embedded file is damaged.
pub fn read() -> Result<Digits, Error> {
    let damaged = |line: usize, found: &str| {
        let place = format!("line {}", line + 1);
        Error::input(place, found, "64 pixels from 0 to 16 and a class").in_file("digits.csv.gz")
    };
    let mut text = String::new();
    if let Err(error) = GzDecoder::new(FILE).read_to_string(&mut text) {
        return Err(damaged(0, &error.to_string()));
    }
    let (mut training, mut held_out) = (Vec::new(), Vec::new());
    for (number, line) in
        text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).enumerate()
    {
        let values: Result<Vec<u8>, _> = line.split(',').map(str::parse).collect();
        let Ok(values) = values else { return Err(damaged(number, line)) };
        let (Some((&class, pixels)), true) = (values.split_last(), values.iter().all(|v| *v <= 16))
        else {
            return Err(damaged(number, line));
        };
        let Ok(pixels) = pixels.try_into() else { return Err(damaged(number, line)) };
        let digit = Digit { pixels, class };
        if number % 5 == 4 { held_out.push(digit) } else { training.push(digit) }
    }
    Ok(Digits { training, held_out })
}
