//! Where a mutant is planted, and whether the reference ever came past it.

use std::cell::Cell;
use std::fmt;

use crate::spec::{Neuron, PerNeuron};

use super::catalogue::Mutant;
use super::layout::Layout;

/// In which part of the network, or in which form, a mutant acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// Everywhere.
    Whole,
    /// At the hidden neurons.
    Hidden,
    /// At the output neurons.
    Output,
    /// At the neurons of layer l = 1..Λ.
    Layer(usize),
    /// This many sweeps too few (K01).
    Short(usize),
    /// This many steps of the iteration (R06).
    Steps(usize),
    /// From a neuron to itself (K05).
    Autapse,
    /// From a hidden neuron to the next one (K05).
    Lateral,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.pad(""),
            Self::Hidden => f.pad("hidden"),
            Self::Output => f.pad("output"),
            Self::Layer(layer) => f.pad(&format!("layer {layer}")),
            Self::Short(sweeps) => f.pad(&format!("{sweeps} short")),
            Self::Steps(steps) => f.pad(&format!("{steps} steps")),
            Self::Autapse => f.pad("self"),
            Self::Lateral => f.pad("lateral"),
        }
    }
}

/// One mutant in one form: what is planted into the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// Which mutant.
    pub mutant: Mutant,
    /// Where it acts.
    pub variant: Variant,
}

impl Fault {
    /// A mutant that acts everywhere.
    #[must_use]
    pub fn whole(mutant: Mutant) -> Self {
        Self { mutant, variant: Variant::Whole }
    }

    /// A sentence about somebody whose result this fault explains.
    ///
    /// ```
    /// use creditcheck::mutants::{Fault, Mutant, Variant};
    /// let fault = Fault { mutant: Mutant::M04, variant: Variant::Layer(1) };
    /// assert_eq!(
    ///     fault.sentence(),
    ///     "this is the gradient of a rule that leaves out the balance factor in layer 1"
    /// );
    /// ```
    #[must_use]
    pub fn sentence(&self) -> String {
        let place = match self.variant {
            Variant::Whole if self.mutant.sides().is_empty() => {
                format!(" (mutant {})", self.mutant)
            }
            Variant::Whole => String::new(),
            Variant::Hidden => " at the hidden neurons".to_owned(),
            Variant::Output => " at the output neurons".to_owned(),
            Variant::Layer(layer) => format!(" in layer {layer}"),
            Variant::Short(1) => " (one sweep short)".to_owned(),
            Variant::Short(sweeps) => format!(" ({sweeps} sweeps short)"),
            Variant::Steps(steps) => format!(" ({steps} steps of it)"),
            Variant::Autapse => " (from each hidden neuron to itself)".to_owned(),
            Variant::Lateral => " (from each hidden neuron to the next)".to_owned(),
        };
        format!("this is the gradient of a rule that {}{place}", self.mutant.entry().deed)
    }
}

/// The fault that a reference runs with, if any, and whether it was ever reached.
#[derive(Debug, Default)]
pub struct Hook {
    fault: Option<Fault>,
    /// The neurons at which it acts, if not everywhere.
    reached: Option<PerNeuron<bool>>,
    fired: Cell<bool>,
}

impl Hook {
    /// No fault: the reference as it should be.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With this mutant, everywhere.
    #[must_use]
    pub fn plant(mutant: Mutant) -> Self {
        Self { fault: Some(Fault::whole(mutant)), ..Self::default() }
    }

    /// With this fault, at its neurons.
    pub(super) fn plant_at(fault: Fault, layout: &Layout) -> Self {
        let reached = PerNeuron::from_fn(layout.neurons(), |neuron| match fault.variant {
            Variant::Hidden => layout.is_hidden(neuron),
            Variant::Output => layout.is_output(neuron),
            Variant::Layer(layer) => layout.layer_of(neuron) == Some(layer),
            Variant::Whole
            | Variant::Short(_)
            | Variant::Steps(_)
            | Variant::Autapse
            | Variant::Lateral => true,
        });
        Self { fault: Some(fault), reached: Some(reached), ..Self::default() }
    }

    /// Whether this mutant acts at all; to be asked only where it then changes the computation.
    pub(super) fn on(&self, mutant: Mutant) -> bool {
        let hit = self.fault.is_some_and(|fault| fault.mutant == mutant);
        if hit {
            self.fired.set(true);
        }
        hit
    }

    /// Whether this mutant acts at this neuron; to be asked only where it then changes the computation.
    pub(super) fn at(&self, mutant: Mutant, neuron: Neuron) -> bool {
        self.reached.as_ref().is_none_or(|reached| reached[neuron]) && self.on(mutant)
    }

    /// Whether this mutant acts in this form.
    pub(super) fn is(&self, mutant: Mutant, variant: Variant) -> bool {
        self.fault == Some(Fault { mutant, variant }) && self.on(mutant)
    }

    /// The mutant, without counting it as reached.
    pub(super) fn mutant(&self) -> Option<Mutant> {
        self.fault.map(|fault| fault.mutant)
    }

    /// How many sweeps are left out.
    pub(super) fn sweeps_short(&self) -> usize {
        match self.fault {
            Some(Fault { mutant: Mutant::K01, variant: Variant::Short(sweeps) }) => {
                self.fired.set(true);
                sweeps
            }
            _ => 0,
        }
    }

    /// Through how many steps of the iteration credit passes (R06): one, unless the form says how many.
    pub(super) fn steps(&self) -> Option<usize> {
        match self.fault {
            Some(Fault { mutant: Mutant::R06, variant: Variant::Steps(steps) }) => Some(steps),
            Some(Fault { mutant: Mutant::R06, .. }) => Some(1),
            _ => None,
        }
        .filter(|_| self.on(Mutant::R06))
    }

    /// Whether the reference came past the fault: if not, no agreement and no kill means anything.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.fired.get()
    }
}
