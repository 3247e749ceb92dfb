//! ℚ[v₀, v₁, …]: polynomials in any number of free variables, for the symbolic tier.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{Add, Mul, Neg, Sub};

use num_rational::BigRational;

use super::{ExactScalar, Rational, Scalar};

/// What a term costs, in limb products: a monomial is made and looked up.
const TERM: u64 = 512;

/// The exponents of a monomial: variable → power, powers positive.
type Monomial = BTreeMap<usize, u32>;

/// A polynomial in normal form: equal polynomials are `==`.
///
/// ```
/// use creditcheck::scalar::{Polynomial, Scalar};
/// let (a, b) = (Polynomial::variable(0), Polynomial::variable(1));
/// let square = (a.clone() + &b) * &(a.clone() + &b);
/// let two = Polynomial::one() + &Polynomial::one();
/// assert_eq!(square, a.clone() * &a + &(b.clone() * &b) + &(two * &a * &b));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polynomial {
    /// Coefficients, none of them zero.
    terms: BTreeMap<Monomial, Rational>,
}

impl Polynomial {
    /// The free variable with this number.
    #[must_use]
    pub fn variable(number: usize) -> Self {
        let monomial = BTreeMap::from([(number, 1)]);
        Self { terms: BTreeMap::from([(monomial, Rational::one())]) }
    }

    /// How many terms there are.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    /// The total degree; 0 for constants.
    #[must_use]
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(|monomial| monomial.values().sum()).max().unwrap_or(0)
    }

    fn constant(value: Rational) -> Self {
        let mut terms = BTreeMap::new();
        if !value.is_zero() {
            terms.insert(Monomial::new(), value);
        }
        Self { terms }
    }

    fn add_term(&mut self, monomial: Monomial, coefficient: Rational) {
        match self.terms.entry(monomial) {
            std::collections::btree_map::Entry::Vacant(place) => {
                if !coefficient.is_zero() {
                    place.insert(coefficient);
                }
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                *place.get_mut() += coefficient;
                if place.get().is_zero() {
                    place.remove();
                }
            }
        }
    }
}

impl Add<&Self> for Polynomial {
    type Output = Self;
    fn add(mut self, other: &Self) -> Self {
        for (monomial, coefficient) in &other.terms {
            self.add_term(monomial.clone(), coefficient.clone());
        }
        self
    }
}

impl Sub<&Self> for Polynomial {
    type Output = Self;
    fn sub(mut self, other: &Self) -> Self {
        for (monomial, coefficient) in &other.terms {
            self.add_term(monomial.clone(), -coefficient.clone());
        }
        self
    }
}

impl Mul<&Self> for Polynomial {
    type Output = Self;
    fn mul(self, other: &Self) -> Self {
        let mut product = Self { terms: BTreeMap::new() };
        for (left, a) in &self.terms {
            for (right, b) in &other.terms {
                let mut monomial = left.clone();
                for (variable, power) in right {
                    *monomial.entry(*variable).or_insert(0) += power;
                }
                product.add_term(monomial, a * b);
            }
        }
        product
    }
}

impl Neg for Polynomial {
    type Output = Self;
    fn neg(mut self) -> Self {
        for coefficient in self.terms.values_mut() {
            *coefficient = -coefficient.clone();
        }
        self
    }
}

impl Scalar for Polynomial {
    fn zero() -> Self {
        Self { terms: BTreeMap::new() }
    }

    fn one() -> Self {
        Self::constant(Rational::one())
    }

    fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Only the nonzero constants are units of a polynomial ring.
    fn try_recip(&self) -> Option<Self> {
        if self.terms.len() != 1 {
            return None;
        }
        let constant = self.terms.get(&Monomial::new())?;
        constant.try_recip().map(Self::constant)
    }

    /// A free variable has no sign.
    fn sign(&self) -> Option<Ordering> {
        None
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        Some(Self::constant(value.into()))
    }

    /// Each pair of terms is a product, and finds its place among all others.
    fn step(&self, left: &Self, right: &Self) -> u64 {
        let count = |polynomial: &Self| polynomial.terms.len() as u64;
        let pairs = count(left).saturating_mul(count(right)).saturating_add(count(self));
        pairs.saturating_mul(TERM)
    }
}

impl ExactScalar for Polynomial {}
