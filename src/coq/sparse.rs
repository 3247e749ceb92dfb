//! The parts that files about graphs share: synapses by rows, one vector per neuron.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::text::{self, denominator};
use crate::certificate::Certificate;
use crate::spec::{Case, Network, Parameters, PerNeuron, PerSynapse, Wiring};

/// What `CheckerGraphRun.v` needs before the numbers.
pub(super) const IMPORTS: &str = "\
From Coq Require Import ZArith List.
From CreditCheck Require Import CheckerGraphRun.
Import ListNotations.
Open Scope Z_scope.

";

/// A network as the graph checker has it.
pub(super) struct Sparse {
    pub wiring: Wiring,
    pub weights: PerSynapse<BigRational>,
    pub biases: PerNeuron<BigRational>,
}

impl Sparse {
    pub fn of(case: &Case) -> Self {
        let Parameters { weights, biases } = Parameters::of(case);
        Self { wiring: Wiring::of(case), weights, biases }
    }

    /// The denominator under which the weights are printed.
    pub fn denominator(&self) -> BigInt {
        denominator(self.weights.iter())
    }

    /// `Synapses d [row; ..]`; a row goes from its first weight that is not zero to its last.
    pub fn synapses(&self, indent: usize) -> String {
        let over = self.denominator();
        let rows: Vec<_> = self
            .wiring
            .incoming
            .iter()
            .map(|incoming| {
                let mut row = vec![BigRational::zero(); self.wiring.neurons()];
                for &synapse in incoming {
                    row[self.wiring.synapses[synapse].pre.0] += &self.weights[synapse];
                }
                let first = row.iter().position(|weight| !weight.is_zero());
                let last = row.iter().rposition(|weight| !weight.is_zero());
                match (first, last) {
                    (Some(first), Some(last)) => {
                        let numbers = text::numerators(&row[first..=last], &over, indent + 6);
                        format!("Row {first} {numbers}")
                    }
                    _ => "none".into(),
                }
            })
            .collect();
        let pad = " ".repeat(indent);
        format!("(Synapses {over}\n{pad} [{}])", rows.join(&format!(";\n{pad}  ")))
    }
}

/// Numbers with a comment above each vector.
pub(super) fn named<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a [BigRational])>,
    indent: usize,
) -> String {
    let pad = " ".repeat(indent);
    let lines = fields.into_iter().map(|(name, values)| {
        format!("\n{pad}(* {name} *)\n{pad}{}", text::vector(values, indent))
    });
    lines.collect()
}

/// What kind of network it is, for the heading.
pub(super) fn kind(case: &Case) -> String {
    match &case.network {
        Network::Layered(net) => {
            let widths: Vec<_> = net.widths().iter().map(usize::to_string).collect();
            format!("A layered network, {}", widths.join("-"))
        }
        Network::Graph(net) => {
            format!("A graph of {} neurons and {} synapses", net.neurons, net.synapses.len())
        }
    }
}

/// `1 example`, `3 examples`.
pub(super) fn examples(count: usize) -> String {
    format!("{count} example{}", if count == 1 { "" } else { "s" })
}

/// e: t − x on outputs, 0 elsewhere (D3).
#[must_use]
pub fn external_credits(certificate: &Certificate) -> Vec<PerNeuron<BigRational>> {
    let wiring = Wiring::of(&certificate.case);
    let examples = certificate.witnesses.examples.iter().zip(&certificate.case.examples);
    examples
        .map(|(witness, example)| {
            let mut external = PerNeuron::filled(wiring.neurons(), BigRational::zero());
            for (&output, target) in wiring.outputs.iter().zip(&example.target) {
                external[output] = target - &witness.firing_rate[output];
            }
            external
        })
        .collect()
}
