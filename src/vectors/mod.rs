//! Test vectors for other implementations: `fixtures/vectors`, made here and never edited by hand.
//!
//! There are two sets, [`Set::V1`] and [`Set::V2`].
//!
//! One file per activation × topology. Each test has a case and what to expect of it:
//!
//! | result | expected | what to do |
//! |---|---|---|
//! | `valid` | every intermediate quantity of D1–D7 | reproduce it exactly |
//! | `invalid` | the update of a named mutant | differ from it |
//! | `acceptable` | as `valid`, with a net input at a kink | reproduce it if you have the kink convention of the case |
//!
//! For tanh, logistic and softplus, rates and balance factors are given (`GivenRates`): take them from `expected` and
//! reproduce the rest.
//!
//! `expected` of a valid test is written only when credit, backpropagation and tangent agree.
//! The cases are drawn from a ChaCha8 integer stream, so the same version makes the same bytes everywhere.
//! Networks that run in time have files of their own, `temporal_<activation>_test.json`, one per activation: step by step
//! what T1–T9 give, and what every approximate rule gives in the variants that its name leaves open.
//! Files are read and written by the program: `creditcheck vectors generate` and `check`.

mod difference;
mod draw;
mod expected;
mod given;
mod notes;
mod set;
mod temporal;

use std::collections::BTreeMap;

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::{CATALOGUE, Fault, Mutant, Reference, Truth, Variant};
use crate::spec::outcome::Update;
use crate::spec::{Activation, Case, Kink, Limits};
use crate::wire::{case as wire_case, json::Json, sha256};

pub use difference::{Difference, compare};
use draw::Draw;
pub use set::Set;

/// The shape of the networks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topology {
    /// 2-3-2, in the second set 2-4-3
    Rectangular,
    /// 3-3-3
    Square,
    /// 2-2-2-2-2, in the second set with three outputs
    Deep,
    /// A graph with skip connections and a dead end.
    Skip,
    /// A graph with cycles and self-synapses, whose equilibrium the case gives.
    Recurrent,
    /// A network that runs in time, and the rules over time.
    Temporal,
}

impl Topology {
    /// The word in the name of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rectangular => "rectangular",
            Self::Square => "square",
            Self::Deep => "deep",
            Self::Skip => "skip",
            Self::Recurrent => "recurrent",
            Self::Temporal => "temporal",
        }
    }
}

/// One file of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorFile {
    /// Where it belongs.
    pub set: Set,
    /// σ of its networks.
    pub activation: Activation,
    /// Their shape.
    pub topology: Topology,
}

/// What stands in the folder of a set and is no vector.
pub const ABOUT: &str = "README.md";

/// The command that makes the files.
pub const COMMAND: &str = "creditcheck vectors generate fixtures/vectors";

/// Every file of every set, in the order of their generation.
#[must_use]
pub fn plan() -> Vec<VectorFile> {
    Set::ALL.into_iter().flat_map(plan_of).collect()
}

fn plan_of(set: Set) -> Vec<VectorFile> {
    let ratio = |p: i64, q: i64| BigRational::new(p.into(), q.into());
    let mut activations = vec![
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::Square,
        Activation::Quadratic,
        Activation::Cubic,
        Activation::Softsign,
        Activation::Tanh,
        Activation::Logistic,
        Activation::Softplus,
    ];
    if set == Set::V2 {
        activations.push(Activation::EluRational);
    }
    let file = |activation: &Activation, topology| VectorFile {
        set,
        activation: activation.clone(),
        topology,
    };
    let topologies = [Topology::Rectangular, Topology::Square, Topology::Deep, Topology::Skip];
    let pairs = activations
        .iter()
        .flat_map(|activation| topologies.map(|topology| file(activation, topology)).into_iter());
    // Over ℚ a net input is chosen and its rate computed, so the equilibrium of an exact activation is always at hand.
    let exact = activations.iter().filter(|activation| activation.is_exact());
    let recurrent = exact.map(|activation| file(activation, Topology::Recurrent));
    // The rules over time stand in the first set.
    let polynomial = ["identity", "relu", "leaky_relu", "quadratic"];
    let over_time = activations.iter().filter(|activation| polynomial.contains(&activation.name()));
    let over_time = over_time.map(|activation| file(activation, Topology::Temporal));
    pairs.chain(recurrent).chain(over_time.filter(|_| set == Set::V1)).collect()
}

/// One test before it becomes JSON.
struct Test {
    comment: String,
    flags: Vec<&'static str>,
    case: Case,
    expected: Json,
    result: &'static str,
}

impl VectorFile {
    /// The name of the file, below the folder of the set.
    ///
    /// ```
    /// let plan = creditcheck::vectors::plan();
    /// assert_eq!(plan[0].name(), "v1/identity_rectangular_test.json");
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        let (set, activation) = (self.set.name(), self.activation.name());
        let topology = self.topology.name();
        match self.topology {
            Topology::Temporal => format!("{set}/{topology}_{activation}_test.json"),
            _ => format!("{set}/{activation}_{topology}_test.json"),
        }
    }

    /// The content of the file: the same bytes on every machine.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the engines disagree or no live case is found: the set is then not made at all.
    pub fn text(&self) -> Result<String, Error> {
        let limits = Limits::default();
        if self.topology == Topology::Temporal {
            return temporal::text(self, &limits);
        }
        if !self.activation.is_exact() {
            return self.given_text(&limits);
        }
        let mut draw = Draw::new(self);
        let mut tests = Vec::new();
        let mut kills = Vec::new();
        let first = self.live_case(&mut draw, 2, true, &limits)?;
        for (case, flag, comment) in [
            (first.clone(), "Generic", "a batch of 2"),
            (self.live_case(&mut draw, 3, true, &limits)?, "Generic", "a batch of 3"),
            (self.live_case(&mut draw, 2, false, &limits)?, "NoBias", "no bias parameters"),
        ] {
            let truth = agreed(&case, &limits)?;
            kills.extend(
                differing(self.set, &case, &truth, &limits)?.into_iter().map(|(f, _)| f.mutant),
            );
            let expected = expected::all(&case, &truth);
            tests.push(self.valid(case, flag, comment, expected));
        }
        tests.extend(self.kink_tests(&first, &limits)?);
        tests.extend(invalid_tests(self.set, &first, &limits)?);
        kills.sort_unstable();
        kills.dedup();
        Ok(self.document(&tests, &kills).pretty())
    }

    /// The content of a file whose activation has no rational values: rates and balance factors are given.
    fn given_text(&self, limits: &Limits) -> Result<String, Error> {
        const DRAWS: usize = 4_000;
        let mut draw = Draw::new(self);
        let mut tests = Vec::new();
        for (examples, biases, comment) in
            [(2, true, "a batch of 2"), (3, true, "a batch of 3"), (2, false, "no bias parameters")]
        {
            let mut drawn = (0..DRAWS).map(|_| {
                let case = draw.case(self, examples, biases);
                given::truth(&case, limits).map(|truth| (case, truth))
            });
            let learns = |found: &Result<(Case, Truth), Error>| {
                found.as_ref().map_or(true, |(case, truth)| {
                    draw::every_neuron_learns(case, &truth.credit.update)
                })
            };
            let none = || Error::unsupported(format!("vectors of {}: no live case", self.name()));
            let (case, truth) = drawn.find(learns).ok_or_else(none)??;
            if !truth.founded.is_agree() {
                let what = format!("vectors of {}: the engines do not agree", self.name());
                return Err(Error::unsupported(what));
            }
            let expected = expected::all(&case, &truth);
            tests.push(self.valid(case, "GivenRates", comment, expected));
        }
        Ok(self.document(&tests, &[]).pretty())
    }

    /// The drawn case that exposes most mutants, among the first few in which every neuron learns.
    fn live_case(
        &self,
        draw: &mut Draw,
        examples: usize,
        biases: bool,
        limits: &Limits,
    ) -> Result<Case, Error> {
        const DRAWS: usize = 4_000;
        const CANDIDATES: usize = 2;
        let mut best: Option<(usize, Case)> = None;
        let mut candidates = 0;
        for _ in 0..DRAWS {
            let case = draw.case(self, examples, biases);
            let reference = Reference::new(&case, limits)?;
            let run = match reference.credit(&reference.hook(None)) {
                Err(Error::Singular { .. }) => continue,
                run => run?,
            };
            if !draw::every_neuron_learns(&case, &run.update) {
                continue;
            }
            let truth = agreed(&case, limits)?;
            if !self.set.admits_kinks() && on_a_kink(&truth) {
                continue;
            }
            let exposed = differing(self.set, &case, &truth, limits)?.len();
            if best.as_ref().is_none_or(|(most, _)| exposed > *most) {
                best = Some((exposed, case));
            }
            candidates += 1;
            if candidates == CANDIDATES {
                break;
            }
        }
        let found = best.map(|(_, case)| case);
        found.ok_or_else(|| Error::unsupported(format!("vectors of {}: no live case", self.name())))
    }

    /// A net input at each kink of the activation, under each convention.
    fn kink_tests(&self, case: &Case, limits: &Limits) -> Result<Vec<Test>, Error> {
        let mut tests = Vec::new();
        if self.topology == Topology::Recurrent {
            // An equilibrium on a kink has no gradient.
            return Ok(tests);
        }
        for kink in self.activation.kinks() {
            for convention in self.set.conventions(&self.activation) {
                // Of both ends it is shown at both ends.
                if convention == Kink::Inner || convention == Kink::Outer {
                    continue;
                }
                let Some(mut case) = draw::with_net_input(case, &kink, limits)? else { continue };
                case.kink = convention;
                case.name = Some(format!("{} at {kink}, {}", self.name(), convention.name()));
                let truth = agreed(&case, limits)?;
                let comment = format!(
                    "the net input of the first hidden neuron is {kink} in example 0; kink convention {}",
                    convention.name()
                );
                tests.push(Test {
                    comment,
                    flags: vec!["KinkConvention"],
                    expected: expected::all(&case, &truth),
                    case,
                    result: "acceptable",
                });
            }
        }
        tests.extend(self.end_tests(case, limits)?);
        Ok(tests)
    }

    /// Both kinks at once, under the conventions that are about both.
    fn end_tests(&self, case: &Case, limits: &Limits) -> Result<Vec<Test>, Error> {
        let kinks = self.activation.kinks();
        let (2, Set::V2) = (kinks.len(), self.set) else { return Ok(Vec::new()) };
        let mut tests = Vec::new();
        for convention in [Kink::Inner, Kink::Outer] {
            let Some(mut case) = draw::at_both(case, &kinks, limits)? else { continue };
            case.kink = convention;
            case.name = Some(format!("{} at both kinks, {convention}", self.name()));
            let truth = agreed(&case, limits)?;
            tests.push(Test {
                comment: format!(
                    "net inputs of the first two hidden neurons are {} and {} in example 0; kink convention {convention}",
                    kinks[0], kinks[1]
                ),
                flags: vec!["KinkConvention"],
                expected: expected::all(&case, &truth),
                case,
                result: "acceptable",
            });
        }
        Ok(tests)
    }

    /// A test to be reproduced; what its network cannot show is said.
    fn valid(&self, case: Case, flag: &'static str, comment: &str, expected: Json) -> Test {
        let blind = self.set.blind_spot(&case);
        let comment = match blind {
            Some(_) => format!("{comment}; two outputs, so that a factor 2/K cannot be seen"),
            None => comment.to_owned(),
        };
        let flags = std::iter::once(flag).chain(blind).collect();
        Test { comment, flags, case, expected, result: "valid" }
    }

    fn document(&self, tests: &[Test], kills: &[Mutant]) -> Json {
        let flags: Vec<&str> = tests.iter().flat_map(|test| test.flags.iter().copied()).collect();
        let header: Vec<&str> = notes::header(self.topology).collect();
        let tests = tests.iter().map(test_json).collect();
        document(
            self,
            "credit",
            "vectors.schema.json",
            &header,
            notes::notes(self.set, &flags, kills),
            tests,
        )
    }
}

/// A file of the set.
fn document(
    file: &VectorFile,
    rule: &str,
    schema: &str,
    header: &[&str],
    notes: Json,
    tests: Vec<Json>,
) -> Json {
    let source = Json::object([
        ("name", Json::text(env!("CARGO_PKG_NAME"))),
        ("version", Json::text(env!("CARGO_PKG_VERSION"))),
        ("command", Json::text(COMMAND)),
    ]);
    Json::object([
        ("rule", Json::text(rule)),
        ("schema", Json::text(schema)),
        ("numberOfTests", Json::count(tests.len())),
        ("header", Json::array(header, |line| Json::text(*line))),
        ("notes", notes),
        (
            "testGroups",
            Json::Array(vec![Json::object([
                ("source", source),
                ("activation", Json::text(file.activation.name())),
                ("topology", Json::text(file.topology.name())),
                ("tests", Json::Array(tests)),
            ])]),
        ),
    ])
}

/// Whether a net input stands exactly on a kink of its σ.
fn on_a_kink(truth: &Truth) -> bool {
    let wiring = &truth.wiring;
    truth.credit.examples.iter().any(|example| {
        let mut net_inputs = example.net_input.indexed().filter(|(n, _)| !wiring.is_input[*n]);
        net_inputs.any(|(neuron, s)| wiring.activations[neuron].kinks().contains(s))
    })
}

/// Every wrong update that a mutant has on this case, once, with all the mutants that have it.
fn invalid_tests(set: Set, case: &Case, limits: &Limits) -> Result<Vec<Test>, Error> {
    let truth = agreed(case, limits)?;
    let mut groups: Vec<(Update<BigRational>, Vec<Fault>)> = Vec::new();
    for (fault, update) in differing(set, case, &truth, limits)? {
        match groups.iter_mut().find(|(other, _)| *other == update) {
            Some((_, faults)) => faults.push(fault),
            None => groups.push((update, vec![fault])),
        }
    }
    let describe = |fault: &Fault| {
        let place = fault.variant.to_string();
        let place = if place.is_empty() { place } else { format!(" ({place})") };
        format!("{}: {}{place}", fault.mutant, fault.mutant.entry().title)
    };
    let test = |(update, faults): (Update<BigRational>, Vec<Fault>)| {
        let mut flags: Vec<&'static str> = faults.iter().map(|fault| fault.mutant.id()).collect();
        flags.dedup();
        Test {
            comment: faults.iter().map(describe).collect::<Vec<_>>().join("; "),
            flags,
            case: case.clone(),
            expected: Json::object([("updates", expected::update(case, &update))]),
            result: "invalid",
        }
    };
    Ok(groups.into_iter().map(test).collect())
}

/// The textbook's results, if its engines agree with each other.
fn agreed(case: &Case, limits: &Limits) -> Result<Truth, Error> {
    let truth = Truth::of(case, limits)?;
    if truth.founded.is_agree() {
        return Ok(truth);
    }
    Err(Error::unsupported(format!("vectors of {}: the engines do not agree", case.title())))
}

/// The mutants that were reached and whose update is wrong, each with that update.
fn differing(
    set: Set,
    case: &Case,
    truth: &Truth,
    limits: &Limits,
) -> Result<Vec<(Fault, Update<BigRational>)>, Error> {
    let reference = Reference::new(case, limits)?;
    let mut found: BTreeMap<Fault, Update<BigRational>> = BTreeMap::new();
    for entry in &CATALOGUE {
        let variants: &[Variant] = match entry.mutant {
            // Their update is right, or there is none.
            Mutant::K02 | Mutant::K03 | Mutant::K10 | Mutant::K11 => &[],
            newer if !set.knows(newer) => &[],
            Mutant::K01 => &[Variant::Short(2)],
            Mutant::K05 => &[Variant::Lateral],
            Mutant::M04 => &[Variant::Hidden, Variant::Output],
            Mutant::M12 | Mutant::M24 => &[Variant::Hidden],
            _ => &[Variant::Whole],
        };
        for &variant in variants {
            let fault = Fault { mutant: entry.mutant, variant };
            let hook = reference.hook(Some(fault));
            let update = match reference.credit(&hook) {
                // A wrong system may have no solution: then there is nothing to differ from.
                Err(Error::Singular { .. }) => continue,
                run => run?.update,
            };
            if hook.fired() && update != truth.credit.update {
                found.insert(fault, update);
            }
        }
    }
    Ok(found.into_iter().collect())
}

fn test_json(test: &Test) -> Json {
    let case = wire_case::to_json(&test.case);
    identified(&test.comment, &test.flags, case, test.expected.clone(), test.result)
}

/// A test under the hash of its content.
fn identified(
    comment: &str,
    flags: &[&'static str],
    case: Json,
    expected: Json,
    result: &str,
) -> Json {
    let content = [
        ("comment", Json::text(comment)),
        ("flags", Json::array(flags, |flag| Json::text(*flag))),
        ("case", case),
        ("expected", expected),
        ("result", Json::text(result)),
    ];
    let id = sha256(Json::object(content.clone()).canonical().as_bytes());
    Json::object([("id", Json::text(id))].into_iter().chain(content))
}
