//! Large systems over ℚ, solved exactly by p-adic lifting: from A⁻¹ mod p to the digits of A⁻¹ r, to fractions, to a proof.
//!
//! Elimination over ℚ makes every entry of the matrix as long as a determinant. Dixon's way keeps the matrix as it is: with one
//! inverse modulo a prime below 2²² (`inverse`) each step gives one more base-p digit of every unknown,
//!
//! ```text
//! y = A⁻¹ r mod p,   r ← (r − A y)/p,   x ≡ Σ_k y_k p^k
//! ```
//!
//! for two products of a matrix with small numbers (`digits`). From enough digits the fractions follow (`reconstruct`). How many are
//! enough is not waited for: candidates are tried at growing precision and held to **A x = r over ℤ**, entry by entry, before
//! anybody sees them. That check alone makes the answer right; everything before it, the float products included, may err.
//!
//! Sources: Dixon, Exact solution of linear equations using p-adic expansions (1982); Monagan, Maximal quotient rational
//! reconstruction (2004); Chen & Storjohann, A BLAS based C library for exact linear algebra (2005).

mod bound;
mod digits;
mod inverse;
mod reconstruct;
mod system;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::Field;
use crate::error::Error;
use crate::spec::Limits;

use digits::Lifter;
use inverse::{Inverse, Inverted};

pub use system::System;

/// Told what is being done; its error stops the work.
pub type Watch<'a> = dyn FnMut(&str) -> Result<(), Error> + 'a;

/// One vector over ℚ with one denominator for all entries, not always the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fractions {
    /// X of x = X / (divisor · scale)
    pub numerators: Vec<BigInt>,
    /// A divisor of the determinant of the integer matrix, positive; generically the determinant itself.
    pub divisor: BigInt,
    /// What clears the denominators of the right-hand side, positive.
    pub scale: BigInt,
}

impl Fractions {
    /// divisor · scale
    #[must_use]
    pub fn denominator(&self) -> BigInt {
        &self.divisor * &self.scale
    }

    /// The entries in lowest terms.
    #[must_use]
    pub fn rationals(&self) -> Vec<BigRational> {
        let denominator = self.denominator();
        let entries = self.numerators.iter();
        entries.map(|entry| BigRational::new(entry.clone(), denominator.clone())).collect()
    }
}

/// What a solution took, in bits: what the bound would have asked for, and what was needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The order n of the matrix.
    pub order: usize,
    /// The prime of the lifting.
    pub prime: u32,
    /// How many larger primes divide the determinant.
    pub refused: usize,
    /// How many base-p digits of every unknown were computed.
    pub digits: usize,
    /// The bits that so many digits hold.
    pub lifted: u64,
    /// The bits that Cramer's rule and Hadamard's inequality ask for: 2 · |numerator| · |denominator| at their largest.
    pub cramer: u64,
    /// The bits of the longest numerator and of the denominator, together, that came out.
    pub needed: u64,
    /// How many candidates failed A x = r.
    pub rejected: usize,
}

/// The solutions of one system, one per right-hand side, and what they took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solved {
    /// x of each A x = r.
    pub solutions: Vec<Fractions>,
    /// What it took.
    pub facts: Facts,
}

impl Solved {
    /// Of a system without unknowns.
    fn empty(sides: usize) -> Self {
        let one = BigInt::one;
        let solution = Fractions { numerators: Vec::new(), divisor: one(), scale: one() };
        Self { solutions: vec![solution; sides], facts: Facts::default() }
    }
}

/// After so many primes that divide the determinant the matrix is called singular.
const PRIMES: usize = 8;

/// From so many on a proof is looked for: one such prime may be an accident.
const SUSPECT: usize = 2;

impl System {
    /// x with A x = r over ℚ, for each right-hand side r.
    ///
    /// ```text
    /// D9   (I − diag β W) x = b,  (I − Wᵀ diag β) c = e, and any other system
    /// ```
    ///
    /// Shapes: n numbers per right-hand side and per solution. `guess` is a number that the denominators may divide, from another
    /// system with the same determinant, or 1; a wrong one costs digits, never the truth.
    /// Exactness: exact; every solution has passed A x = r over ℤ.
    ///
    /// ```
    /// use creditcheck::linalg::lifting::System;
    /// use num_rational::BigRational;
    /// let q = |n: i64, d: i64| BigRational::new(n.into(), d.into());
    /// let system = System::dense(&[vec![q(1, 1), q(1, 2)], vec![q(0, 1), q(3, 1)]]).unwrap();
    /// let solved = system.solve(&[vec![q(1, 1), q(1, 1)]], &1.into(), &Default::default(), &mut |_| Ok(()));
    /// assert_eq!(solved.unwrap().solutions[0].rationals(), [q(5, 6), q(1, 3)]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Singular`] with its proof or the number of primes that say so; [`Error::Input`] for a right-hand side of another
    /// length; [`Error::Limit`] for too many unknowns or bits; [`Error::WrongProduct`] where a library or the machine multiplied
    /// wrongly; whatever `watch` returns.
    pub fn solve(
        &self,
        right: &[Vec<BigRational>],
        guess: &BigInt,
        limits: &Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Solved, Error> {
        self.solve_with(right, guess, limits, watch, &mut |_| {})
    }

    /// [`Self::solve`], with every candidate passed through `disturb` before it is checked.
    fn solve_with(
        &self,
        right: &[Vec<BigRational>],
        guess: &BigInt,
        limits: &Limits,
        watch: &mut Watch<'_>,
        disturb: &mut dyn FnMut(&mut Fractions),
    ) -> Result<Solved, Error> {
        if self.order() > limits.neurons {
            let (given, limit) = (self.order() as u64, limits.neurons as u64);
            return Err(Error::Limit { what: "unknowns of one system".into(), given, limit });
        }
        let right = right.iter().map(|r| self.integers(r)).collect::<Result<Vec<_>, _>>()?;
        if self.order() == 0 {
            return Ok(Solved::empty(right.len()));
        }
        let (inverse, refused) = self.invert(limits, watch)?;
        let guess = if guess.is_zero() { BigInt::one() } else { guess.abs() };
        let search = Search { system: self, right: &right, limits, refused };
        search.run(&inverse, guess, watch, disturb)
    }

    /// The inverse modulo the first prime that has one, and how many had none.
    fn invert(&self, limits: &Limits, watch: &mut Watch<'_>) -> Result<(Inverse, usize), Error> {
        let mut last = 0;
        for (refused, field) in Field::largest(&[]).take(PRIMES).enumerate() {
            watch("inverse modulo a prime")?;
            last = field.prime();
            match Inverse::of(self, &field, watch)? {
                Inverted::Inverse(inverse) => return Ok((inverse, refused)),
                Inverted::Dependent { pivots } if refused + 1 >= SUSPECT => {
                    if self.is_dependent(&pivots, limits, watch)? {
                        let what = format!(
                            "column {} of {} is a combination of the columns before it, checked over ℤ",
                            pivots.len(),
                            self.order()
                        );
                        return Err(Error::Singular { what });
                    }
                }
                Inverted::Dependent { .. } => {}
            }
        }
        let what = format!(
            "the determinant is 0 modulo the {PRIMES} largest primes below 2²², down to {last}; this is no proof, \
             but a determinant other than 0 would have to be a multiple of all of them"
        );
        Err(Error::Singular { what })
    }

    /// Whether column k, k the number of `pivots`, is a combination of the columns before it: found from the pivot rows alone,
    /// and checked in every row.
    fn is_dependent(
        &self,
        pivots: &[usize],
        limits: &Limits,
        watch: &mut Watch<'_>,
    ) -> Result<bool, Error> {
        let column = pivots.len();
        let (corner, right) = self.corner(pivots);
        let solved = corner.solve(&[right], &BigInt::one(), limits, watch)?;
        let mut kernel = vec![BigInt::zero(); self.order()];
        for solution in solved.solutions {
            kernel[column] = -solution.denominator();
            kernel[..column].clone_from_slice(&solution.numerators);
        }
        Ok(self.maps_to_zero(&kernel))
    }
}

/// One search for solutions at growing precision.
struct Search<'a> {
    system: &'a System,
    /// Integers, and what they were multiplied by.
    right: &'a [(Vec<BigInt>, BigInt)],
    limits: &'a Limits,
    refused: usize,
}

impl Search<'_> {
    fn run(
        &self,
        inverse: &Inverse,
        guess: BigInt,
        watch: &mut Watch<'_>,
        disturb: &mut dyn FnMut(&mut Fractions),
    ) -> Result<Solved, Error> {
        let field = inverse.field;
        let sides: Vec<_> = self.right.iter().map(|(integers, _)| integers.as_slice()).collect();
        let cramer = bound::bits(self.system, &sides);
        // With every numerator multiplied by what was guessed, and room for a candidate to stand out.
        let most = cramer + guess.bits() + 4 * reconstruct::SLACK;
        let mut lifter = Lifter::new(self.system, inverse, &sides);
        let mut found: Vec<Option<Fractions>> = vec![None; self.right.len()];
        let (mut guess, mut rejected) = (guess, 0);
        let mut digits = 4;
        while found.iter().any(Option::is_none) {
            let lifted = lifter.bits(digits);
            if lifted > self.limits.bits {
                let what = "bits of a lifted solution".into();
                return Err(Error::Limit { what, given: lifted, limit: self.limits.bits });
            }
            while lifter.known() < digits {
                if lifter.known().is_multiple_of(64) {
                    watch(&format!("digit {} of at most {}", lifter.known(), lifter.digits(most)))?;
                }
                lifter.step(inverse)?;
            }
            let modulus = lifter.modulus();
            for (k, (integers, scale)) in self.right.iter().enumerate() {
                if found[k].is_some() {
                    continue;
                }
                let residues = &mut |entry| lifter.residue(k, entry);
                let order = self.system.order();
                let candidate = reconstruct::vector(order, residues, &modulus, &guess);
                let Some((numerators, divisor)) = candidate else { continue };
                let mut candidate = Fractions { numerators, divisor, scale: scale.clone() };
                disturb(&mut candidate);
                if self.system.holds(&candidate.numerators, &candidate.divisor, integers) {
                    guess.clone_from(&candidate.divisor);
                    found[k] = Some(candidate);
                } else {
                    rejected += 1;
                }
            }
            if lifted > most && found.iter().any(Option::is_none) {
                // So many digits determine the solution: the digits themselves must be wrong.
                return Err(Error::WrongProduct { what: "the p-adic digits of a solution".into() });
            }
            digits += digits / 8 + 1;
        }
        let solutions: Vec<_> = found.into_iter().flatten().collect();
        let longest = |x: &Fractions| x.numerators.iter().map(BigInt::bits).max().unwrap_or(0);
        let needed = solutions.iter().map(|x| longest(x) + x.divisor.bits()).max().unwrap_or(0);
        let facts = Facts {
            order: self.system.order(),
            prime: field.prime(),
            refused: self.refused,
            digits: lifter.known(),
            lifted: lifter.bits(lifter.known()),
            cramer,
            needed,
            rejected,
        };
        Ok(Solved { solutions, facts })
    }
}

#[cfg(test)]
mod tests;
