//! What a common factor means: which conventions, or which slips, multiply a gradient by it.

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::evidence::{NEEDED, bits, choice};
use super::factor::Factor;
use crate::number::canonical;
use crate::spec::{Loss, OutputError, Reduction};

/// What the usual factors are made of.
#[derive(Clone, Debug)]
pub struct Scale {
    /// B
    pub examples: usize,
    /// K
    pub outputs: usize,
    /// T; 1 of what does not run in time.
    pub steps: usize,
    /// ℓ and N.
    pub loss: Loss,
    /// η
    pub learning_rate: BigRational,
    /// Whether an update is judged, and no gradient.
    pub is_update: bool,
}

/// A factor, and what multiplies by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The factor.
    pub value: BigRational,
    /// How many things have to come together.
    pub parts: usize,
    /// What they are.
    pub words: String,
}

/// A part of a factor: its value, and what it comes from.
type Part = (BigRational, &'static str);

impl Scale {
    /// Every product of usual factors but 1, the simplest first; of equal ones with as few parts all are there.
    fn all(&self) -> Vec<Reading> {
        let q = |p: usize, q: usize| BigRational::new(p.into(), q.into());
        let one = BigRational::one;
        let (batch, outputs) = (self.examples, self.outputs);
        let sign: [Part; 2] = [(one(), ""), (-one(), "the other sign")];
        let (half, mean): (Vec<Part>, Vec<Part>) = match &self.loss {
            Loss::HalfSquaredError => (
                vec![
                    (one(), ""),
                    (q(2, 1), "a loss without its ½"),
                    (q(1, 2), "a ½ more than the loss has"),
                ],
                vec![
                    (one(), ""),
                    (q(1, outputs), "a mean over the outputs too (1/K)"),
                    (q(2, outputs), "the mean of the squares over batch and outputs (2/K)"),
                ],
            ),
            Loss::Reduced { error, .. } => (of_error(error), vec![(one(), "")]),
        };
        let mut batches: Vec<Part> = vec![
            (one(), ""),
            (q(1, batch), "1/B once more"),
            (q(batch, batch.saturating_sub(1).max(1)), "1/(B − 1) in place of 1/B"),
        ];
        match &self.loss {
            Loss::HalfSquaredError => {
                batches.insert(1, (q(batch, 1), "a sum over the batch in place of its mean (B)"));
            }
            Loss::Reduced { reduction, .. } => {
                let count = |of: Reduction| match of {
                    Reduction::Sum => 1,
                    Reduction::Mean => batch * outputs,
                    Reduction::BatchMean => batch,
                };
                let others = Reduction::ALL.into_iter().filter(|other| other != reduction);
                let said = |other| match other {
                    Reduction::Sum => "reduction sum",
                    Reduction::Mean => "reduction mean",
                    Reduction::BatchMean => "reduction batch_mean",
                };
                let others = others.map(|other| (q(count(*reduction), count(other)), said(other)));
                batches.splice(1..1, others);
            }
        }
        let times: [Part; 2] =
            [(one(), ""), (q(1, self.steps), "a mean over the steps in place of their sum (1/T)")];
        let mut rates: Vec<Part> = vec![(one(), "")];
        if !self.learning_rate.is_zero() {
            rates.push((
                self.learning_rate.clone(),
                match self.is_update {
                    true => "the learning rate once more (η)",
                    false => "the learning rate (η)",
                },
            ));
            rates.push((
                self.learning_rate.recip(),
                match self.is_update {
                    true => "no learning rate (1/η)",
                    false => "a division by the learning rate (1/η)",
                },
            ));
        }
        let mut found: Vec<Reading> = Vec::new();
        for parts in product(&[&sign, &half, &batches, &mean, &times, &rates]) {
            // A part that is 1 here says nothing.
            if parts.iter().any(|(value, words)| !words.is_empty() && value.is_one()) {
                continue;
            }
            let value = parts.iter().fold(one(), |product, (value, _)| product * value);
            let said: Vec<_> =
                parts.iter().map(|(_, words)| *words).filter(|w| !w.is_empty()).collect();
            if !value.is_one() {
                found.push(Reading { value, parts: said.len(), words: said.join(", and ") });
            }
        }
        found.sort_by_key(|reading| reading.parts);
        found
    }

    /// The readings of a common factor: those with the fewest parts, of one value.
    #[must_use]
    pub fn readings(&self, factor: &Factor) -> Vec<Reading> {
        // Among many readings one lies in a wide interval by accident.
        const BEYOND_CHOICE: u32 = 3;
        let all = self.all();
        let fewest =
            all.iter().find(|r| factor.admits(&r.value)).map_or(0, |reading| reading.parts);
        let choice = choice(all.iter().filter(|reading| reading.parts <= fewest).count());
        if bits(&factor.low, &(&factor.high - &factor.low)) < choice + BEYOND_CHOICE {
            return Vec::new();
        }
        let fits = |reading: &Reading| reading.parts == fewest && factor.admits(&reading.value);
        let mut simplest: Vec<_> = all.into_iter().filter(fits).collect();
        let is_of_first = |reading: &Reading, first: &BigRational| reading.value == *first;
        let Some(first) = simplest.first().map(|reading| reading.value.clone()) else {
            return simplest;
        };
        // Two values that both fit are two explanations: then only the interval is known.
        match simplest.iter().all(|reading| is_of_first(reading, &first)) {
            true => simplest,
            false => {
                simplest.clear();
                simplest
            }
        }
    }
}

/// What makes another loss of this one that differs by a factor.
fn of_error(error: &OutputError) -> Vec<Part> {
    let whole = |number: i64| BigRational::from_integer(number.into());
    let mut parts = vec![(BigRational::one(), "")];
    match error {
        OutputError::Mse => {
            parts.push((whole(2).recip(), "half squared errors in place of squares"));
            parts.push((whole(2), "a 2 once more"));
        }
        OutputError::Huber { delta } => {
            parts.push((delta.recip(), "smooth_l1 in place of huber (1/delta)"));
        }
        OutputError::SmoothL1 { beta, .. } if !beta.is_zero() => {
            parts.push((beta.clone(), "huber in place of smooth_l1 (beta)"));
        }
        OutputError::SmoothL1 { .. } | OutputError::L1 { .. } | OutputError::Hinge { .. } => {}
    }
    parts
}

fn product(lists: &[&[Part]]) -> Vec<Vec<Part>> {
    lists.iter().fold(vec![Vec::new()], |done, list| {
        let with = |parts: &Vec<Part>| -> Vec<Vec<Part>> {
            let one = |part: &Part| [parts.clone(), vec![part.clone()]].concat();
            list.iter().map(one).collect()
        };
        done.iter().flat_map(with).collect()
    })
}

/// What is said of a common factor; `what` ends with its verb, such as `the biases of layer 1 are`.
#[must_use]
pub fn sentence(what: &str, whole: bool, factor: &Factor, readings: &[Reading]) -> Option<String> {
    // Of few entries anything has a common factor; a fraction that nobody would write is none.
    const ENOUGH: usize = 3;
    const LONGEST: usize = 5;
    // So many fractions are written with no more than five characters; a reading is one of some two hundred.
    const FRACTIONS: usize = 10_000;
    const READINGS: usize = 256;
    let explanations = if readings.is_empty() { FRACTIONS } else { READINGS };
    if factor.evidence < NEEDED + choice(explanations) {
        return None;
    }
    let Some(first) = readings.first() else {
        let simplest = factor.simplest();
        let is_plain = factor.entries >= ENOUGH && factor.is_sharp();
        let text = canonical(&simplest);
        return (is_plain && text.len() <= LONGEST)
            .then(|| format!("{what} {text} times the exact ones, in every entry"));
    };
    let words: Vec<_> = readings.iter().map(|reading| reading.words.as_str()).collect();
    let remedy = match whole {
        true => format!("; if that is meant, say so: --scale {}", canonical(&first.value)),
        false => String::new(),
    };
    let value = canonical(&first.value);
    let doubt = if factor.is_sharp() { "" } else { ", as far as rounding tells" };
    Some(format!(
        "{what} {value} times the exact ones{doubt}, as with {}{remedy}",
        words.join(", or with ")
    ))
}
