//! What numbers are held in.

use std::num::NonZeroU64;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;

/// A float format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// The upper half of binary32: 8 bits of significand.
    Bf16,
    /// IEEE 754 binary16.
    F16,
}

impl Dtype {
    /// The name in messages and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// How many bits the significand of a normal number has, the leading one included.
    #[must_use]
    pub fn precision(self) -> u32 {
        match self {
            Self::F64 => 53,
            Self::F32 => 24,
            Self::Bf16 => 8,
            Self::F16 => 11,
        }
    }

    /// The exponent e of the smallest positive number 2ᵉ, which is subnormal.
    #[must_use]
    pub fn smallest(self) -> i32 {
        match self {
            Self::F64 => -1074,
            Self::F32 => -149,
            Self::Bf16 => -133,
            Self::F16 => -24,
        }
    }

    /// The exponent e of the largest power of two 2ᵉ that the format has.
    #[must_use]
    pub fn largest(self) -> i32 {
        match self {
            Self::F64 => 1023,
            Self::F32 | Self::Bf16 => 127,
            Self::F16 => 15,
        }
    }
}

/// What the operands of a matrix product are rounded to before they meet, where that is less than the format of their sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// 11 bits of significand and the exponents of f32: TensorFloat-32, which hardware rounds to or cuts off at.
    Tf32,
    /// bf16, rounded to nearest.
    Bf16,
    /// f16, rounded to nearest.
    F16,
}

impl Operands {
    /// The exponent e where the error of a number is at most 2⁻ᵉ of it: a whole unit in the last place of TF32, half of one elsewhere.
    #[must_use]
    pub fn unit(self) -> u32 {
        match self {
            Self::Tf32 => 10,
            Self::Bf16 => 8,
            Self::F16 => 11,
        }
    }

    /// The exponent e where what underflows is off by at most 2⁻ᵉ: all that is not normal in TF32 and bf16, whether it is flushed or not.
    #[must_use]
    pub fn underflow(self) -> u32 {
        match self {
            Self::Tf32 | Self::Bf16 => 126,
            Self::F16 => 24,
        }
    }

    /// How many bits the significand has, the leading one included.
    #[must_use]
    pub fn precision(self) -> u32 {
        match self {
            Self::Tf32 | Self::F16 => 11,
            Self::Bf16 => 8,
        }
    }

    /// The exponents e of the smallest and of the largest normal power of two 2ᵉ.
    #[must_use]
    pub fn exponents(self) -> [i32; 2] {
        match self {
            Self::Tf32 | Self::Bf16 => [-126, 127],
            Self::F16 => [-14, 15],
        }
    }
}

/// In which arithmetic floats were computed.
///
/// ```
/// use creditcheck::spec::{Arithmetic, Dtype, Operands};
/// assert_eq!(Arithmetic::from(Dtype::F32).name(), "f32");
/// assert_eq!(Arithmetic::Products(Operands::Tf32).name(), "tf32-f32");
/// assert!(Arithmetic::ALL.iter().all(|one| Arithmetic::named(one.name()) == Some(*one)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Everything that is stored is of this format; sums of bf16 and f16 may be accumulated in f32.
    Stored(Dtype),
    /// f32, but for the operands of matrix products.
    Products(Operands),
}

impl Arithmetic {
    /// Every arithmetic that there is.
    pub const ALL: [Self; 7] = [
        Self::Stored(Dtype::F64),
        Self::Stored(Dtype::F32),
        Self::Stored(Dtype::Bf16),
        Self::Stored(Dtype::F16),
        Self::Products(Operands::Tf32),
        Self::Products(Operands::Bf16),
        Self::Products(Operands::F16),
    ];

    /// The name on the command line: the format, or the format of the operands and that of the sums.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored(dtype) => dtype.name(),
            Self::Products(Operands::Tf32) => "tf32-f32",
            Self::Products(Operands::Bf16) => "bf16-f32",
            Self::Products(Operands::F16) => "f16-f32",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The format of what comes out of it.
    #[must_use]
    pub fn dtype(self) -> Dtype {
        match self {
            Self::Stored(dtype) => dtype,
            Self::Products(_) => Dtype::F32,
        }
    }

    /// What the operands of products are rounded to, if to something less.
    #[must_use]
    pub fn operands(self) -> Option<Operands> {
        match self {
            Self::Stored(_) => None,
            Self::Products(operands) => Some(operands),
        }
    }
}

impl From<Dtype> for Arithmetic {
    fn from(dtype: Dtype) -> Self {
        Self::Stored(dtype)
    }
}

/// A fixed-point grid: the multiples of a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    numerator: NonZeroU64,
    denominator: NonZeroU64,
}

impl Grid {
    /// The multiples of a positive number; none if it is no fraction of two numbers below 2⁶⁴.
    ///
    /// ```
    /// use creditcheck::spec::Grid;
    /// let fraction = |p: i64, q: i64| num_rational::BigRational::new(p.into(), q.into());
    /// assert_eq!(Grid::of(&fraction(2, 64)).unwrap().step(), fraction(1, 32));
    /// assert_eq!(Grid::of(&fraction(0, 1)), None);
    /// ```
    #[must_use]
    pub fn of(step: &BigRational) -> Option<Self> {
        let part = |part: &BigInt| part.to_u64().and_then(NonZeroU64::new);
        let (numerator, denominator) = (part(step.numer())?, part(step.denom())?);
        Some(Self { numerator, denominator })
    }

    /// The distance of two neighbours.
    #[must_use]
    pub fn step(self) -> BigRational {
        BigRational::new_raw(self.numerator.get().into(), self.denominator.get().into())
    }
}

/// How the entries of a gradient are held, and so what can be asked of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Number {
    /// Rationals; `==` is the only agreement.
    #[default]
    Exact,
    /// Floats of one format: the exact values rounded, at best.
    Float(Dtype),
    /// Multiples of a fraction: the nearest ones to the exact values, at best.
    Grid(Grid),
}

impl Number {
    /// The word in files and on the command line; `grid` of any grid.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Float(dtype) => dtype.name(),
            Self::Grid(_) => "grid",
        }
    }

    /// What the entries are values of, such as `f32` and `the grid of 1/32`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Exact => "fractions".to_owned(),
            Self::Float(dtype) => dtype.name().to_owned(),
            Self::Grid(grid) => format!("the grid of {}", grid.step()),
        }
    }

    /// The float format that entries are rounded to; none if there is none.
    #[must_use]
    pub fn dtype(self) -> Option<Dtype> {
        match self {
            Self::Exact | Self::Grid(_) => None,
            Self::Float(dtype) => Some(dtype),
        }
    }

    /// Whether entries are rounded at all.
    #[must_use]
    pub fn is_rounded(self) -> bool {
        match self {
            Self::Exact => false,
            Self::Float(_) | Self::Grid(_) => true,
        }
    }
}
