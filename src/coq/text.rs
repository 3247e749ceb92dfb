//! How numbers, names and comments are written in Coq.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::spec::{Activation, Class, Curved, Straight};

/// The widest line of numbers.
const WIDTH: usize = 120;

/// The longest name of a file, without its extension.
const LONGEST_NAME: usize = 100;

/// Words that cannot be the name of a module, because the language has them for itself.
const KEYWORDS: [&str; 24] = [
    "as", "at", "cofix", "else", "end", "exists", "exists2", "fix", "for", "forall", "fun", "if",
    "in", "let", "match", "mod", "return", "then", "using", "where", "with", "Prop", "Set", "Type",
];

/// A title as a Coq identifier, which is also the name of a file.
///
/// Letters, digits and `_` stay, all else becomes `_`.
///
/// ```
/// assert_eq!(creditcheck::coq::name("worked-example"), "worked_example");
/// assert_eq!(creditcheck::coq::name("2-2-1 β"), "case_2_2_1__");
/// assert_eq!(creditcheck::coq::name("end"), "case_end");
/// ```
#[must_use]
pub fn name(title: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = title.chars().map(letter).take(LONGEST_NAME).collect();
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins_well && !KEYWORDS.contains(&name.as_str()) { name } else { format!("case_{name}") }
}

/// Text that can stand in a comment: no quotation mark, which would open a string, and nothing that opens or closes a comment.
pub(super) fn harmless(text: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || " -_.,:;=+/<>[]".contains(c);
    text.chars().map(|c| if harmless(c) { c } else { '?' }).collect()
}

/// The smallest common denominator.
pub(super) fn denominator<'a>(values: impl IntoIterator<Item = &'a BigRational>) -> BigInt {
    values.into_iter().fold(BigInt::one(), |all, value| all.lcm(value.denom()))
}

/// The numerators over a common denominator, separated and wrapped.
pub(super) fn numerators<'a>(
    values: impl IntoIterator<Item = &'a BigRational>,
    over: &BigInt,
    indent: usize,
) -> String {
    let numerator = |value: &BigRational| value.numer() * (over / value.denom());
    list(values.into_iter().map(|value| numerator(value).to_string()), indent)
}

/// `[a; b; c]`, wrapped; `indent` is where further lines start.
pub(super) fn list(items: impl IntoIterator<Item = String>, indent: usize) -> String {
    let mut text = String::from("[");
    let mut column = indent + 1;
    for (k, item) in items.into_iter().enumerate() {
        if k > 0 {
            text.push(';');
            if column + item.len() + 2 > WIDTH {
                text.push('\n');
                text.push_str(&" ".repeat(indent + 1));
                column = indent + 1;
            } else {
                text.push(' ');
                column += 2;
            }
        }
        column += item.len();
        text.push_str(&item);
    }
    text.push(']');
    text
}

/// A vector as `Vec d [..]`, or `Zeros n`, which has no denominator that could be any.
pub(super) fn vector(values: &[BigRational], indent: usize) -> String {
    if values.iter().all(Zero::is_zero) {
        return format!("(Zeros {})", values.len());
    }
    let over = denominator(values);
    format!("(Vec {over} {})", numerators(values, &over, indent))
}

/// A matrix as `Mat d [[..]; ..]`, one row after another.
pub(super) fn matrix(rows: &[Vec<BigRational>], indent: usize) -> String {
    let over = denominator(rows.iter().flatten());
    let rows: Vec<_> = rows.iter().map(|row| numerators(row, &over, indent + 2)).collect();
    let between = format!(";\n{}", " ".repeat(indent + 2));
    format!("(Mat {over}\n{}[{}])", " ".repeat(indent + 1), rows.join(&between))
}

/// A rational number as two arguments, `n d`.
pub(super) fn fraction(value: &BigRational) -> String {
    format!("{} {}", bracketed(value.numer()), value.denom())
}

fn bracketed(n: &BigInt) -> String {
    if n < &BigInt::zero() { format!("({n})") } else { n.to_string() }
}

/// An activation that the checker knows; the others are refused before anything is written.
pub(super) fn activation(activation: &Activation) -> String {
    known(activation).unwrap_or_default()
}

/// An activation, if the checker knows it.
pub(super) fn known(activation: &Activation) -> Option<String> {
    Some(match activation.class() {
        Class::Straight(Straight::Identity) => "Identity".into(),
        Class::Straight(Straight::Relu) => "Relu".into(),
        Class::Straight(Straight::LeakyRelu { slope }) => format!("(Leaky {})", fraction(slope)),
        Class::Straight(Straight::HardTanh { min, max }) => {
            let over = denominator([min, max]);
            let numerator =
                |value: &BigRational| bracketed(&(value.numer() * (&over / value.denom())));
            format!("(Clip {} {} {over})", numerator(min), numerator(max))
        }
        Class::Curved(Curved::Square) => "Square".into(),
        Class::Curved(Curved::Quadratic) => "Quadratic".into(),
        Class::Curved(Curved::Cubic) => "Cubic".into(),
        Class::Quotient | Class::Transcendental(_) => return None,
    })
}
