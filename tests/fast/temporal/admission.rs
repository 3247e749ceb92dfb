//! Whether every float that an engine of rules over time can form on a case is exact, computed from the sizes of its numbers.
//!
//! A quantity is an integer of at most so many units of 2^−grid. Sums and products are followed through the equations with
//! absolute values; every one of them must stay below 2^precision units, so each partial sum is a float, in any order.

use creditcheck::spec::TemporalCase;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive};

/// |value| ≤ size, and value is a multiple of 2^−grid.
#[derive(Clone, Copy, Debug)]
struct Majorant {
    grid: i32,
    size: f64,
}

struct Audit {
    precision: u32,
    fits: bool,
}

impl Audit {
    fn keep(&mut self, all: Majorant) -> Majorant {
        // Rounded up by more than the few roundings of this bookkeeping.
        self.fits &= all.size * 1.000_001 * 2f64.powi(all.grid) < 2f64.powi(self.precision as i32);
        all
    }

    fn sum(&mut self, a: Majorant, b: Majorant) -> Majorant {
        self.keep(Majorant { grid: a.grid.max(b.grid), size: a.size + b.size })
    }

    fn product(&mut self, a: Majorant, b: Majorant) -> Majorant {
        self.keep(Majorant { grid: a.grid + b.grid, size: a.size * b.size })
    }

    fn times(&mut self, count: usize, a: Majorant) -> Majorant {
        self.keep(Majorant { grid: a.grid, size: a.size * count as f64 })
    }
}

/// The largest |value| and the finest grid; `None` if one is not dyadic.
fn of<'a>(values: impl IntoIterator<Item = &'a BigRational>) -> Option<Majorant> {
    let mut all = Majorant { grid: 0, size: 0.0 };
    for value in values {
        let denominator = value.denom().magnitude();
        let grid = denominator.trailing_zeros().unwrap_or(0);
        if denominator.bits() != grid + 1 {
            return None;
        }
        all.grid = all.grid.max(i32::try_from(grid).ok()?);
        all.size = all.size.max(value.abs().to_f64()?);
    }
    Some(all)
}

/// Whether all engines are exact on a case: σ the identity or a ReLU, μ within ±1 on a grid of 2^−mu_grid, and block means
/// over a power of two of synapses each.
pub(super) fn admit(case: &TemporalCase, mu_grid: u32, precision: u32) -> bool {
    let net = &case.network;
    let Some(halvings) = halvings(net.types.as_deref().unwrap_or(&[])) else { return false };
    let (neurons, steps, batch) = (net.neurons(), case.duration(), case.examples.len());
    let numbers = |m: &[Vec<BigRational>]| of(m.iter().flatten());
    let sequences = |rows: fn(&creditcheck::spec::Sequence) -> &Vec<Vec<BigRational>>| {
        of(case.examples.iter().flat_map(rows).flatten())
    };
    let share = BigRational::one() - &net.leak;
    // Biases are the weights of an input that is always 1.
    let always = net.biases.as_ref().map(|_| BigRational::one());
    let initial = of(case.examples.iter().flat_map(|e| &e.initial).flatten());
    let Some(initial) = initial else { return false };
    let (Some(leak), Some(share), Some(w), Some(u), Some(v), Some(x), Some(target), Some(bias)) = (
        of([&net.leak]),
        of([&share]),
        numbers(&net.recurrent),
        of(net.input.iter().flatten().chain(net.biases.iter().flatten())),
        numbers(&net.readout),
        of(case.examples.iter().flat_map(|e| &e.input).flatten().chain(&always)),
        sequences(|example| &example.target),
        of(net.readout_biases.iter().flatten()),
    ) else {
        return false;
    };
    if !batch.is_power_of_two() {
        return false;
    }
    let audit = &mut Audit { precision, fits: true };
    let nothing = Majorant { grid: 0, size: 0.0 };
    let unit = Majorant { grid: mu_grid as i32, size: 1.0 };
    let (shared_w, shared_u) = (audit.product(share, w), audit.product(share, u));
    // T1, the traces of both sides, and the loss.
    let (mut s, mut trace) = (initial, nothing);
    let (mut errors, mut loss, mut rates) = (Vec::new(), nothing, initial);
    for _ in 0..steps {
        let shared = audit.product(share, audit_max(s, x));
        let kept = audit.product(leak, trace);
        trace = audit.sum(kept, shared);
        let recurrent = audit.product(shared_w, s);
        let recurrent = audit.times(neurons, recurrent);
        let input = audit.product(shared_u, x);
        let input = audit.times(net.inputs() + always.iter().len(), input);
        let kept = audit.product(leak, s);
        s = audit.sum(recurrent, input);
        s = audit.sum(s, kept);
        rates = audit_max(rates, s);
        let y = audit.product(v, s);
        let y = audit.times(neurons, y);
        let y = audit.sum(y, bias);
        let error = audit.sum(y, target);
        let square = audit.product(error, error);
        let square = audit.times(net.readouts(), square);
        loss = audit.sum(loss, Majorant { grid: square.grid + 1, size: square.size / 2.0 });
        errors.push(error);
    }
    for (t, error) in errors.iter_mut().enumerate() {
        if !case.steps.count(t + 1, steps) {
            *error = nothing;
        }
    }
    // Every credit that any rule sends back: h ≤ 1 or |μ| ≤ 1 at each relay, W or its block means, self-relays apart.
    let fed = Majorant { grid: shared_w.grid + halvings, size: shared_w.size };
    let fed = audit.product(unit, fed);
    // From every cell of a type, from the type itself, and from the synapse's own channel.
    let through = audit.times(neurons + 2, fed);
    let relay = audit.sum(leak, through);
    let (mut credit, mut total, mut readout) = (nothing, nothing, nothing);
    for error in errors.iter().rev() {
        let a = audit.product(v, *error);
        let a = audit.times(net.readouts(), a);
        let relayed = audit.product(relay, credit);
        credit = audit.sum(a, relayed);
        let synapse = audit.product(credit, trace);
        total = audit.sum(total, synapse);
        let synapse = audit.product(*error, rates);
        readout = audit.sum(readout, synapse);
    }
    // What a synapse keeps: as many relays from the oldest trace on.
    let mut kept = trace;
    for _ in 1..steps {
        let relayed = audit.product(relay, kept);
        kept = audit.sum(trace, relayed);
    }
    let message = errors.iter().fold(nothing, |most, error| {
        let a = audit.product(v, *error);
        audit_max(most, audit.times(net.readouts() * neurons, a))
    });
    let causal = audit.product(message, kept);
    // By type, and by the cell itself.
    let causal = audit.times(2 * steps, causal);
    let halved = batch.trailing_zeros() as i32;
    for all in [loss, total, readout, causal] {
        let all = audit.times(batch, all);
        audit.keep(Majorant { grid: all.grid + halved, ..all });
    }
    audit.fits
}

/// k for means over up to 2^k synapses; `None` where a block has some other number of them.
fn halvings(types: &[usize]) -> Option<i32> {
    let mut most = 0;
    for post in types {
        for pre in types {
            let size = |of| types.iter().filter(|other| *other == of).count();
            let counted = size(post) * size(pre);
            let excluded = if post == pre { counted - size(post) } else { counted };
            for count in [counted, excluded] {
                if count > 0 && !count.is_power_of_two() {
                    return None;
                }
                most = most.max(count.max(1).trailing_zeros());
            }
        }
    }
    i32::try_from(most).ok()
}

fn audit_max(a: Majorant, b: Majorant) -> Majorant {
    Majorant { grid: a.grid.max(b.grid), size: a.size.max(b.size) }
}

/// It refuses what does not fit, and what is no dyadic number.
#[test]
fn refuses() {
    let mut draw = crate::fast::nets::Draw::new(3);
    let case = super::case(&mut draw, &super::DOUBLE);
    assert!(admit(&case, 2, 53));
    assert!(!admit(&case, 2, 8));
    let mut third = case.clone();
    third.network.leak = crate::fast::nets::ratio(1, 3);
    assert!(!admit(&third, 2, 53));
    let mut fine = case.clone();
    fine.network.recurrent[0][1] = crate::fast::nets::ratio(1, 1 << 40);
    assert!(!admit(&fine, 2, 53));
    let mut three = case;
    three.examples = vec![three.examples[0].clone(); 3];
    assert!(!admit(&three, 2, 53));
}
