//! Where a network over time stands on kinks, and whether another convention there explains somebody's numbers.

use num_rational::BigRational;

use crate::certify::kinks::{Found, Ground, Group, Near, Stand, search, sentence, stopped};
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Activation, Kink, Limits, PerBlock, StackCase, TemporalCase, TemporalRule};
use crate::textbook::stack;
use crate::textbook::temporal::{Evaluation, run};
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// A cell at a step.
struct Cell<'a> {
    /// Example, and place in it.
    who: (usize, usize),
    words: String,
    function: &'a Activation,
    net_input: Rational,
    /// Whether credit arrives; true where nobody knows.
    is_live: bool,
}

/// The sentence that explains theirs by net inputs on kinks, and whether all of it is explained.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn explained(
    case: &TemporalCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    judged: &mut dyn FnMut(&TemporalCase) -> Near,
) -> Result<(Option<String>, bool), Error> {
    let functions = [&case.network.activation];
    let under = |kink: Kink| TemporalCase { kink, ..case.clone() };
    let seen = |kink: Kink| cells(&under(kink), &case.network.activation, limits);
    let mut of = |kink: Kink| judged(&under(kink));
    by_kinks(case.kink, &functions, mine, right, &seen, &mut of)
}

/// The same of layers in time, all of which have the convention of the case.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn explained_in_layers(
    case: &StackCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    judged: &mut dyn FnMut(&StackCase) -> Near,
) -> Result<(Option<String>, bool), Error> {
    let functions: Vec<&Activation> = case.network.layers.iter().map(|l| &l.activation).collect();
    let under = |kink: Kink| StackCase { kink, ..case.clone() };
    let seen = |kink: Kink| cells_of_layers(&under(kink), &functions, limits);
    let mut of = |kink: Kink| judged(&under(kink));
    by_kinks(case.kink, &functions, mine, right, &seen, &mut of)
}

fn by_kinks<'a>(
    declared: Kink,
    functions: &[&Activation],
    mine: &Gradient,
    right: &PerBlock<Reference>,
    seen: &dyn Fn(Kink) -> Option<Vec<Cell<'a>>>,
    judged: &mut dyn FnMut(Kink) -> Near,
) -> Result<(Option<String>, bool), Error> {
    let mut kinked: Vec<Activation> = Vec::new();
    for function in functions {
        if !function.is_differentiable() && !kinked.contains(function) {
            kinked.push((*function).clone());
        }
    }
    if kinked.is_empty() {
        return Ok((None, false));
    }
    // Without rates there is no net input on a kink, as far as anybody can tell.
    let Some(cells) = seen(declared) else { return Ok((None, false)) };
    let on_kink = |cell: &Cell<'a>| -> Option<BigRational> {
        let kinks = cell.function.kinks();
        kinks.into_iter().find(|kink| Rational::of(kink) == cell.net_input)
    };
    let stand = |cell: &Cell<'a>| {
        on_kink(cell).map(|at| Stand {
            group: 0,
            who: cell.who,
            words: cell.words.clone(),
            function: cell.function.clone(),
            at,
        })
    };
    let stands: Vec<Stand> = cells.iter().filter_map(stand).collect();
    let group = Group { layer: None, declared, functions: kinked };
    let groups = if stands.is_empty() { Vec::new() } else { vec![group] };
    let ground = Ground { groups, stands, others: Some(Vec::new()) };
    let first = |kinks: &[Kink]| kinks.first().copied().unwrap_or(declared);
    match search(&ground, mine, right, &mut |kinks| judged(first(kinks)))? {
        Found::Nothing => Ok((None, false)),
        Found::Stopped(error) => Ok((Some(stopped(&error)), false)),
        Found::Conventions(conventions) => {
            // Where no credit arrives no slope matters.
            let live = match conventions.first().map(|kinks| seen(first(kinks))) {
                Some(Some(cells)) => {
                    cells.iter().filter(|cell| cell.is_live).filter_map(stand).collect()
                }
                Some(None) | None => ground.stands.clone(),
            };
            let sentence = sentence(&ground, &conventions, &live);
            let is_explained = sentence.is_some();
            Ok((sentence, is_explained))
        }
    }
}

fn cells<'a>(
    case: &TemporalCase,
    function: &'a Activation,
    limits: &Limits,
) -> Option<Vec<Cell<'a>>> {
    let found = run::<Rational>(case, &TemporalRule::Bptt, Evaluation::Adjoint, limits).ok()?;
    let mut all = Vec::new();
    for (b, steps) in found.examples.into_iter().enumerate() {
        for (t, step) in steps.into_iter().enumerate() {
            for (cell, net_input) in step.net_input.into_iter().enumerate() {
                let credit = step.total_credit.as_ref().and_then(|credit| credit.get(cell));
                all.push(Cell {
                    who: (b, t * case.network.neurons() + cell),
                    words: format!("cell {cell}, step {}, example {b}", t + 1),
                    function,
                    net_input,
                    is_live: credit.is_none_or(|credit| !credit.is_zero()),
                });
            }
        }
    }
    Some(all)
}

fn cells_of_layers<'a>(
    case: &StackCase,
    functions: &[&'a Activation],
    limits: &Limits,
) -> Option<Vec<Cell<'a>>> {
    let (_, seen) = stack::bptt::watched::<Rational>(case, limits).ok()?;
    let mut all = Vec::new();
    for (b, steps) in seen.into_iter().enumerate() {
        let mut place = 0;
        for (t, layers) in steps.into_iter().enumerate() {
            for ((l, layer), function) in layers.into_iter().enumerate().zip(functions) {
                let cells = layer.net_input.into_iter().zip(layer.total_credit);
                for (cell, (net_input, credit)) in cells.enumerate() {
                    all.push(Cell {
                        who: (b, place),
                        words: format!("layer {}, cell {cell}, step {}, example {b}", l + 1, t + 1),
                        function,
                        net_input,
                        is_live: !credit.is_zero(),
                    });
                    place += 1;
                }
            }
        }
    }
    Some(all)
}
