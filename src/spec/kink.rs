//! Which slope a piecewise-linear activation has at its kinks.

use std::fmt;

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive};

use super::activation::Activation;

/// Which slope a piecewise-linear activation has at its kink (convention of D0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kink {
    /// The slope of the piece on the left: ReLU'(0) = 0. The default.
    #[default]
    Left,
    /// The slope of the piece on the right: ReLU'(0) = 1.
    Right,
    /// Half the sum of both: ReLU'(0) = 1/2.
    Mean,
    /// At both kinks of a σ that has two, the slope of the piece between them: 1 for hard tanh, as a clamp has it.
    Inner,
    /// At both kinks of a σ that has two, the slope of the piece beyond: 0 for hard tanh.
    Outer,
    /// (1 − θ) times the slope on the left plus θ times that on the right.
    Between(Share),
}

/// θ of [`Kink::Between`]: a fraction from 0 to 1 in lowest terms, both its numbers below 2⁶⁴.
///
/// ```
/// use creditcheck::spec::Share;
/// let number = |text| creditcheck::number::parse(text, &Default::default()).unwrap();
/// let quarter = Share::of(&number("0.25")).unwrap();
/// assert_eq!((quarter.numerator(), quarter.denominator()), (1, 4));
/// assert_eq!(quarter.exact(), number("1/4"));
/// assert_eq!(Share::of(&number("5/4")), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u64,
    denominator: u64,
}

impl Share {
    /// θ = 0: the slope on the left.
    pub const NONE: Self = Self { numerator: 0, denominator: 1 };
    /// θ = 1/2: half the sum of both slopes.
    pub const HALF: Self = Self { numerator: 1, denominator: 2 };
    /// θ = 1: the slope on the right.
    pub const ALL: Self = Self { numerator: 1, denominator: 1 };

    /// None below 0, above 1, and for a denominator of more than 64 bits.
    #[must_use]
    pub fn of(value: &BigRational) -> Option<Self> {
        if value.is_negative() || *value > BigRational::one() {
            return None;
        }
        Some(Self { numerator: value.numer().to_u64()?, denominator: value.denom().to_u64()? })
    }

    /// The share of the slope on the right, in parts of [`Self::denominator`].
    #[must_use]
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// All parts; those that are not on the right are on the left. Never 0.
    #[must_use]
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// θ
    #[must_use]
    pub fn exact(self) -> BigRational {
        BigRational::new(self.numerator.into(), self.denominator.into())
    }
}

impl Kink {
    /// What a case calls it.
    #[must_use]
    pub fn name(self) -> String {
        self.to_string()
    }

    /// Why this convention says nothing of σ: `inner` and `outer` need two kinks, a piece between them and one beyond.
    ///
    /// A σ without kinks needs no convention, and refuses none.
    #[must_use]
    pub fn refusal(self, function: &Activation) -> Option<String> {
        match self {
            Self::Left | Self::Right | Self::Mean | Self::Between(_) => None,
            Self::Inner | Self::Outer => (function.kinks().len() == 1).then(|| {
                format!(
                    "another convention than \"{self}\": {} has one kink, and \"{self}\" is about both ends of a σ with two",
                    function.name()
                )
            }),
        }
    }
}

impl fmt::Display for Kink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Right => f.write_str("right"),
            Self::Mean => f.write_str("mean"),
            Self::Inner => f.write_str("inner"),
            Self::Outer => f.write_str("outer"),
            Self::Between(share) => write!(f, "{}", share.exact()),
        }
    }
}
