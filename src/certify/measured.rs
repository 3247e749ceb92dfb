//! Gradients beside the exact one, each with how far it is off: figures, and no verdict on any of them.

use crate::error::Error;
use crate::spec::{Number, PerBlock};
use crate::verdict::judge::{Judge, Judgement, Options, Reference};
use crate::wire::gradient::{Gradient, Quantity};

/// Where a gradient comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An engine of ours.
    Engine,
    /// A file of somebody's.
    File,
}

impl Source {
    /// The word in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::File => "file",
        }
    }
}

/// A gradient that is to be measured.
#[derive(Clone, Debug)]
pub struct Theirs {
    /// What it is called: by its file, or by the rule that made it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// As it was read, or computed.
    pub gradient: Gradient,
}

/// A gradient beside the exact one.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it is called: by its file, or by the rule that made it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// The rule that it declares.
    pub rule: Option<String>,
    /// How its entries are held.
    pub number: Number,
    /// What they are.
    pub quantity: Quantity,
    /// Block by block against the exact gradient, whatever rule it declares.
    pub judgement: Judgement,
}

/// Every gradient beside the exact one, which `right` gives in the format and the quantity of a gradient; it is asked once for each.
///
/// # Errors
/// Those of `right`, with the name of the file for which it was asked.
pub fn measured(
    all: &[Theirs],
    mut right: impl FnMut(&Gradient) -> Result<PerBlock<Reference>, Error>,
) -> Result<Vec<Measured>, Error> {
    let mut known: Vec<((Number, Quantity), PerBlock<Reference>)> = Vec::new();
    let mut rows = Vec::with_capacity(all.len());
    for Theirs { name, source, gradient } in all {
        let asked = (gradient.number, gradient.quantity);
        let place = match known.iter().position(|(of, _)| *of == asked) {
            Some(place) => place,
            None => {
                let found = right(gradient).map_err(|error| match source {
                    Source::Engine => error,
                    Source::File => error.in_file(name),
                })?;
                known.push((asked, found));
                known.len() - 1
            }
        };
        let mut judge = Judge::new(gradient.number, &Options::default());
        judge.parameters(&gradient.entries, &known[place].1);
        rows.push(Measured {
            name: name.clone(),
            source: *source,
            rule: gradient.rule.clone(),
            number: gradient.number,
            quantity: gradient.quantity,
            judgement: judge.judgement(),
        });
    }
    Ok(rows)
}
