//! What numbers are held in.

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

/// How the entries of a gradient are held, and so what can be asked of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Number {
    /// Rationals; `==` is the only agreement.
    #[default]
    Exact,
    /// Floats of one format: the exact values rounded, at best.
    Float(Dtype),
}

impl Number {
    /// The word in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Float(dtype) => dtype.name(),
        }
    }

    /// The format that entries are rounded to; none if they are not.
    #[must_use]
    pub fn dtype(self) -> Option<Dtype> {
        match self {
            Self::Exact => None,
            Self::Float(dtype) => Some(dtype),
        }
    }
}
