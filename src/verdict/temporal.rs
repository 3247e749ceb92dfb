//! Which rules over time equal the gradient, and when: the conditions of the nine claims, decided on a case.
//!
//! A rule equals the gradient on *every* case that satisfies one of its conditions. Where none is satisfied it may still be equal by
//! the numbers of the case, so nothing here says "differs": that is for a comparison to find.

mod parts;

use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::spec::{
    Activation, Class, Feedback, Form, Modprop, Mu, Straight, Taps, TemporalCase, TemporalRule,
};
use parts::{Parts, Slopes, feedback_is_exact};

/// What a condition speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The rule's ∂L/∂W against the gradient's.
    Recurrent,
    /// The rule's ∂L/∂U against the gradient's.
    Input,
    /// The feedback weights Ŵ against W (claim 9): where they are equal, the type-specific rule is the cell-specific one.
    Feedback,
}

/// A sufficient condition for exactness, and whether a case satisfies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The number of the claim, 1 to 9.
    pub number: u8,
    /// What is equal where it holds.
    pub about: About,
    /// Whether the case satisfies it, for all rows.
    pub holds: bool,
    /// The rows (postsynaptic neurons) for which it is satisfied: all, none, or some of claim 8.
    pub rows: Vec<usize>,
    /// What is satisfied, or what is missing.
    pub words: String,
}

/// The conditions that bear on a rule, decided on a case; none for the rules that are the gradient.
///
/// ```text
/// 1   filter, autodiff   σ linear, μ its slope, S ≥ T−2 for W (T−1 for U), cell-specific
/// 2   no-leak            the same with λ = 0
/// 3   ModProp            ReLU with every cell on at every step, μ = 1, all taps, cell-specific
/// 4   filter             slopes h_j constant in time, μ_j = h_j, all taps, cell-specific
/// 5   filter, autodiff   h = μ at the cells that relay (autodiff: that send) whenever they do, all taps, cell-specific
/// 6   filter             T ≤ 3 for W (2 for U); or all taps and no recurrent path of length 2; cell-specific
/// 7   MDGL               T ≤ 3 for W (2 for U); or λ = 0 and no recurrent path of length 2; cell-specific
/// 8   e-prop             T ≤ 2 for W (1 for U); and row p whenever p has no outgoing recurrent weight
/// 9   type-specific      Ŵ = W: then the rule is its cell-specific form
/// ```
///
/// What is said of W holds where every sequence begins silent; else W is like U. Biases are like U, and senders and paths of two synapses
/// may be synapses of a neuron onto itself.
///
/// `slopes[b][t − 1][j]` is h_{j,t} = σ'(s_{j,t}) of example b, as an exact engine reports it; where it is missing, the conditions that
/// need it are not decided; a list μ that is not one per cell, which no engine takes, has no condition. With λ = 0 no-leak taps are filter taps; ModProp with no relay at all (S ≤ 1, μ = 0) is MDGL or
/// e-prop, and has their conditions too. "Cell-specific" is Ŵ = W, however it comes about.
#[must_use]
pub fn conditions(
    case: &TemporalCase,
    rule: &TemporalRule,
    slopes: &[Vec<Vec<BigRational>>],
) -> Vec<Condition> {
    let (feedback, modprop) = match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => return Vec::new(),
        TemporalRule::Eprop => (None, None),
        TemporalRule::Mdgl { feedback } => (Some(*feedback), None),
        TemporalRule::Modprop(modprop) => (Some(modprop.feedback), Some(modprop)),
    };
    if let Some(Modprop { mu: Mu::PerCell(list), .. }) = modprop
        && list.len() != case.network.neurons()
    {
        return Vec::new();
    }
    let at = At { case, slopes: Slopes::of(case, slopes), feedback };
    let mut found = Vec::new();
    for about in [About::Recurrent, About::Input] {
        if let Some(rule) = modprop {
            found.extend(at.of_modprop(rule, about));
        }
        if is_mdgl(rule, case.network.neurons()) {
            found.push(at.of_mdgl(about));
        }
        if is_eprop(rule, case.network.neurons()) {
            found.extend(at.of_eprop(about));
        }
    }
    if let Some(feedback @ Feedback::Type(_)) = feedback {
        let mut parts = Parts::default();
        parts.add(feedback_is_exact(&case.network, feedback));
        found.push(parts.condition(9, About::Feedback, case.network.neurons()));
    }
    found
}

/// MDGL, or ModProp whose later taps are all zero.
fn is_mdgl(rule: &TemporalRule, neurons: usize) -> bool {
    match rule {
        TemporalRule::Mdgl { .. } => true,
        TemporalRule::Modprop(rule) => match (rule.form, rule.taps) {
            (Form::Filter | Form::NoLeak, Taps::Count(1)) => true,
            (Form::NoLeak, Taps::All) => is_zero(&rule.mu, neurons),
            (Form::NoLeak, Taps::Count(count)) => count > 0 && is_zero(&rule.mu, neurons),
            (Form::Filter | Form::Autodiff, _) => false,
        },
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop => false,
    }
}

/// e-prop, or ModProp that sends nothing to other cells.
fn is_eprop(rule: &TemporalRule, neurons: usize) -> bool {
    match rule {
        TemporalRule::Eprop => true,
        TemporalRule::Modprop(rule) => match rule.form {
            Form::Autodiff => is_zero(&rule.mu, neurons),
            Form::Filter | Form::NoLeak => rule.taps == Taps::Count(0),
        },
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Mdgl { .. } => false,
    }
}

fn is_zero(mu: &Mu, neurons: usize) -> bool {
    (0..neurons).all(|cell| mu.of(cell).is_zero())
}

/// A case, its slopes and the feedback of a rule.
struct At<'a> {
    case: &'a TemporalCase,
    slopes: Slopes<'a>,
    feedback: Option<Feedback>,
}

impl At<'_> {
    /// Claims 1 to 6.
    fn of_modprop(&self, rule: &Modprop, about: About) -> Vec<Condition> {
        let neurons = self.case.network.neurons();
        let all: Vec<usize> = (0..neurons).collect();
        let mut found = Vec::new();
        let linear = |parts: &mut Parts| {
            let is_linear = match self.case.network.activation.class() {
                Class::Straight(Straight::Identity) => true,
                Class::Straight(Straight::LeakyRelu { slope }) => slope.is_one(),
                Class::Straight(Straight::Relu | Straight::HardTanh { .. })
                | Class::Curved(_)
                | Class::Quotient
                | Class::Transcendental(_) => false,
            };
            let name = self.case.network.activation.name();
            parts.need(is_linear, "σ is linear", || format!("{name} is not linear"));
            parts.add(mu_is(&rule.mu, &all, &BigRational::one()));
        };
        if rule.form == Form::NoLeak {
            let mut parts = self.relayed(rule, about);
            linear(&mut parts);
            found.push(parts.condition(2, about, neurons));
        } else {
            let mut parts = self.relayed(rule, about);
            linear(&mut parts);
            found.push(parts.condition(1, about, neurons));
        }
        let mut parts = self.relayed(rule, about);
        let name = self.case.network.activation.name();
        let is_relu = self.case.network.activation == Activation::Relu;
        parts.need(is_relu, "σ is the ReLU", || format!("{name} is not the ReLU"));
        parts.add(mu_is(&rule.mu, &all, &BigRational::one()));
        let on = self.slopes.equal(&all, 1, |_| BigRational::one(), "and an active cell has 1");
        parts.add(on.map(|()| "every cell is on at every step".into()));
        found.push(parts.condition(3, about, neurons));
        if rule.form != Form::Autodiff {
            let mut parts = self.relayed(rule, about);
            let constant = self.slopes.equal(&all, 1, |cell| rule.mu.of(cell), "not its μ");
            parts.add(constant.map(|()| "the slope of every cell is its μ at every step".into()));
            found.push(parts.condition(4, about, neurons));
        }
        found.push(self.at_relays(rule, about));
        if rule.form != Form::Autodiff {
            found.push(self.without_relays(rule, about));
        }
        found
    }

    /// Claim 5: the slopes where they matter.
    fn at_relays(&self, rule: &Modprop, about: About) -> Condition {
        // g_t takes the slope at the cell where it is, from the first step that has a trace; a tap takes that of the cells between.
        let first_step = if self.begins_late(about) { 2 } else { 1 };
        let (cells, first, who) = match rule.form {
            Form::Autodiff => (self.senders(), first_step, "sends"),
            Form::Filter | Form::NoLeak => (self.relays(), first_step + 1, "relays"),
        };
        let mut parts = self.relayed(rule, about);
        let last = self.case.duration().saturating_sub(1);
        let mu = |cell: usize| rule.mu.of(cell);
        let equal = self.slopes.within(&cells, first..=last, mu, "not its μ");
        parts.add(equal.map(|()| format!("every cell that {who} credit has its μ for a slope")));
        parts.condition(5, about, self.case.network.neurons())
    }

    /// Claim 6: nothing is relayed, so μ does not matter.
    fn without_relays(&self, rule: &Modprop, about: About) -> Condition {
        let mut parts = self.relayed(rule, about);
        parts.add(self.is_short(about, 3).or_else(|long| match self.has_no_relay() {
            Ok(words) => Ok(words),
            Err(relay) => Err(format!("{long}; {relay}")),
        }));
        parts.condition(6, about, self.case.network.neurons())
    }

    /// Claim 7.
    fn of_mdgl(&self, about: About) -> Condition {
        let mut parts = Parts::default();
        parts.add(self.is_cell_specific());
        parts.add(self.is_short(about, 3).or_else(|long| {
            let leak = &self.case.network.leak;
            match (leak.is_zero(), self.has_no_relay()) {
                (true, Ok(words)) => Ok(format!("λ = 0; {words}")),
                (true, Err(relay)) => Err(format!("{long}; {relay}")),
                (false, Ok(_)) => Err(format!("{long}; λ = {leak} is not 0")),
                (false, Err(relay)) => Err(format!("{long}; λ = {leak} is not 0; {relay}")),
            }
        }));
        parts.condition(7, about, self.case.network.neurons())
    }

    /// Claim 8, for all rows and row by row.
    fn of_eprop(&self, about: About) -> Vec<Condition> {
        let neurons = self.case.network.neurons();
        let mut parts = Parts::default();
        parts.add(self.is_short(about, 2));
        let senders = self.senders();
        let rows: Vec<usize> = (0..neurons).filter(|p| !senders.contains(p)).collect();
        let words = match rows.as_slice() {
            [] => "not met: every neuron has an outgoing recurrent weight".to_owned(),
            rows => {
                format!("holds in the rows of neurons without outgoing recurrent weights: {rows:?}")
            }
        };
        let by_row = Condition { number: 8, about, holds: senders.is_empty(), rows, words };
        vec![parts.condition(8, about, neurons), by_row]
    }

    /// What all conditions on ModProp share: the form, Ŵ = W, and taps for every delay that occurs.
    fn relayed(&self, rule: &Modprop, about: About) -> Parts {
        let mut parts = Parts::default();
        if rule.form == Form::NoLeak {
            let leak = &self.case.network.leak;
            parts.need(leak.is_zero(), "λ = 0", || format!("λ = {leak} is not 0"));
        }
        parts.add(self.is_cell_specific());
        let (behind, back) = match self.begins_late(about) {
            false => (1, "T − 1"),
            true => (2, "T − 2"),
        };
        let delays = self.case.duration().saturating_sub(behind);
        let count = match (rule.form, rule.taps) {
            (Form::Autodiff, _) | (Form::Filter | Form::NoLeak, Taps::All) => usize::MAX,
            (Form::Filter | Form::NoLeak, Taps::Count(count)) => count,
        };
        parts.need(count >= delays, format!("the taps reach {back} = {delays} steps back"), || {
            format!("S = {count} does not reach {back} = {delays} steps back")
        });
        parts
    }

    fn is_cell_specific(&self) -> Result<String, String> {
        feedback_is_exact(&self.case.network, self.feedback.unwrap_or_default())
    }

    /// Whether traces begin with the second step only: those of recurrent synapses, if nothing has fired before the first.
    fn begins_late(&self, about: About) -> bool {
        match about {
            About::Input => false,
            About::Recurrent | About::Feedback => self.case.starts_silent(),
        }
    }

    /// T ≤ `most` for W, one less for U, whose traces begin a step earlier.
    fn is_short(&self, about: About, most: usize) -> Result<String, String> {
        let duration = self.case.duration();
        let most = if self.begins_late(about) { most } else { most - 1 };
        if duration <= most {
            Ok(format!("T = {duration} is at most {most}"))
        } else {
            Err(format!("T = {duration} is more than {most}"))
        }
    }

    fn has_no_relay(&self) -> Result<String, String> {
        match self.relays().first() {
            None => Ok("no recurrent path has length 2".into()),
            Some(cell) => Err(format!("a recurrent path of length 2 leads through neuron {cell}")),
        }
    }

    /// The cells with an outgoing recurrent weight.
    fn senders(&self) -> Vec<usize> {
        let recurrent = &self.case.network.recurrent;
        let sends = |cell: &usize| recurrent.iter().any(|row| !row[*cell].is_zero());
        (0..recurrent.len()).filter(sends).collect()
    }

    /// Those of them that have an incoming one too.
    fn relays(&self) -> Vec<usize> {
        let recurrent = &self.case.network.recurrent;
        let hears = |cell: &usize| recurrent[*cell].iter().any(|weight| !weight.is_zero());
        self.senders().into_iter().filter(hears).collect()
    }
}

/// Whether μ is one and the same number at these cells.
fn mu_is(mu: &Mu, cells: &[usize], wanted: &BigRational) -> Result<String, String> {
    match cells.iter().find(|cell| mu.of(**cell) != *wanted) {
        None => Ok(format!("μ = {wanted}")),
        Some(cell) => Err(format!("μ = {} at neuron {cell} is not {wanted}", mu.of(*cell))),
    }
}
