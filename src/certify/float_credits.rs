//! The float side's credits of a certified case, with the exact numbers for which they are credits.

use num_rational::BigRational;

use crate::certificate::Certificate;
use crate::coq::{Given, external_credits};
use crate::error::Error;
use crate::fast::{self, recurrent};
use crate::spec::PerNeuron;

/// β and e of the certificate, and c as `fast::credit` or, with a cycle, `fast::recurrent` computed it in f64.
///
/// # Errors
/// As the float engines; [`Error::NotFinite`] for a credit that is no number.
pub fn float_credits(certificate: &Certificate) -> Result<Vec<Given>, Error> {
    let case = &certificate.case;
    let witnesses = &certificate.witnesses.examples;
    let with_cycle = witnesses.iter().any(|example| example.inverses.is_some());
    let outcome = if with_cycle {
        // Where there are several equilibria, the one that was certified is meant.
        let rates = |rates: &PerNeuron<BigRational>| rates.map(crate::number::nearest_f64);
        let start: Vec<_> = witnesses.iter().map(|one| rates(&one.firing_rate)).collect();
        recurrent::run_from::<f64>(case, &Default::default(), Some(&start))?.equilibrium
    } else {
        fast::credit::run::<f64>(case)?
    };
    let external = external_credits(certificate);
    let examples = witnesses.iter().zip(external).zip(&outcome.examples);
    examples
        .map(|((witness, external_credit), float)| {
            let exact = fast::exact_example(float)?;
            Ok(Given {
                balance_factor: witness.balance_factor.clone(),
                external_credit,
                credit: exact.credit.map(|credit| credit.0.clone()),
            })
        })
        .collect()
}
