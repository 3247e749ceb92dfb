//! Everything that the result of a task depends on.

use super::rules::{modprop, name, rule};
use crate::error::Error;
use crate::spec::{Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalRule};
use num_rational::BigRational;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The cosine of each rule's gradient with that of backpropagation, before any learning.
    Alignment,
    /// Learning to say at the end what was seen at the start.
    Recall,
    /// Learning to say at the end whether two cues were the same.
    Xor,
    /// The cosine where W is constant on blocks of types, but for noise.
    Blocks,
}

impl Task {
    /// The word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alignment => "alignment",
            Self::Recall => "recall",
            Self::Xor => "xor",
            Self::Blocks => "blocks",
        }
    }

    /// Whether weights are learned.
    #[must_use]
    pub fn is_training(self) -> bool {
        matches!(self, Self::Recall | Self::Xor)
    }

    /// Seeds below which nothing is claimed: those of the table in full.
    #[must_use]
    pub fn seeds_for_claims(self) -> usize {
        match self {
            Self::Alignment => 10,
            Self::Recall => 8,
            Self::Xor => 20,
            Self::Blocks => 40,
        }
    }

    /// What is measured of a run.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Alignment | Self::Blocks => {
                &["cosine", "relative_deviation", "length_ratio", "mean_slope"]
            }
            Self::Recall => &["held_out_loss", "last_loss", "lowest_loss", "start_loss"],
            Self::Xor => {
                &["held_out_loss", "last_loss", "lowest_loss", "start_loss", "held_out_accuracy"]
            }
        }
    }
}

/// The parameters; a folder of runs belongs to one such set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// N
    pub neurons: usize,
    /// T
    pub steps: usize,
    /// B
    pub examples: usize,
    /// λ
    pub leak: f64,
    /// The largest |eigenvalue| of W at the start.
    pub radius: f64,
    /// The standard deviation of U.
    pub input_scale: f64,
    /// The standard deviation of V, times √N.
    pub readout_scale: f64,
    /// The standard deviation of what is added to every input.
    pub noise: f64,
    /// Steps for which a cue is shown.
    pub cue: usize,
    /// Steps from the start of the first cue to that of the second; 0 where there is one cue.
    pub between: usize,
    /// Whether U, V and b learn too.
    pub trains_all: bool,
    /// Updates.
    pub iterations: usize,
    /// η of Adam.
    pub rate: f64,
    /// The longest gradient; a longer one is shortened.
    pub clip: f64,
    /// Batches of fresh sequences that the final loss is taken over.
    pub held_out: usize,
    /// A run whose final loss is below is called solved.
    pub solved: f64,
}

impl Settings {
    /// Those of a task in full.
    #[must_use]
    pub fn of(task: Task) -> Self {
        let recall = Self {
            neurons: 32,
            steps: 30,
            examples: 32,
            leak: 0.5,
            radius: 1.0,
            input_scale: 1.0,
            readout_scale: 1.0,
            noise: 0.02,
            cue: 2,
            between: 0,
            trains_all: false,
            iterations: 1000,
            rate: 2e-3,
            clip: 1.0,
            held_out: 16,
            solved: 0.1,
        };
        match task {
            Task::Alignment | Task::Blocks | Task::Recall => recall,
            Task::Xor => Self {
                steps: 90,
                leak: 0.9,
                cue: 10,
                between: 40,
                trains_all: true,
                iterations: 1000,
                solved: 0.3,
                ..recall
            },
        }
    }
}

/// One row of the result: a rule, and the network it is tried on.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The rule.
    pub rule: TemporalRule,
    /// σ(s) = s in place of max(s, 0).
    pub is_linear: bool,
    /// How many types there are, in blocks of neighbours.
    pub types: Option<usize>,
    /// ς, the standard deviation of the noise on block-constant weights whose blocks have 1; without it all of W is noise.
    pub spread: Option<f64>,
}

impl Condition {
    fn plain(rule: TemporalRule) -> Self {
        Self { rule, is_linear: false, types: None, spread: None }
    }

    /// A name that no other condition of a plan has.
    #[must_use]
    pub fn name(&self) -> String {
        let mut text = name(&self.rule);
        if let Some(spread) = self.spread {
            let activation = if self.is_linear { "linear" } else { "relu" };
            text = format!("{activation} noise={spread} {text}");
        } else if let Some(types) = self.types {
            text.push_str(&format!(" types={types}"));
        }
        text
    }

    /// μ and what else ModProp is given.
    #[must_use]
    pub fn modprop(&self) -> Option<&Modprop> {
        if let TemporalRule::Modprop(modprop) = &self.rule { Some(modprop) } else { None }
    }
}

/// What the command line may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The size of the published figures.
    pub full: bool,
    /// How many seeds.
    pub seeds: Option<u64>,
    /// How many updates.
    pub iterations: Option<usize>,
    /// Which rules learn.
    pub rules: Option<Vec<TemporalRule>>,
}

/// What is run, in the order of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The task.
    pub task: Task,
    /// Whether this is less than the whole.
    pub preview: bool,
    /// The parameters.
    pub settings: Settings,
    /// What is compared; on the same networks and the same sequences.
    pub conditions: Vec<Condition>,
    /// One network and one course of sequences each.
    pub seeds: Vec<u64>,
}

/// Types of the networks with block-constant weights.
pub const TYPES: usize = 4;

impl Plan {
    /// The plan of a task, its seeds from `first` on.
    ///
    /// # Errors
    /// [`Error::Input`] if an option has nothing to change in this task, or a rule is named twice.
    pub fn of(task: Task, first: u64, options: &Options) -> Result<Self, Error> {
        let mut settings = Settings::of(task);
        let seeds = match task {
            _ if options.full => task.seeds_for_claims() as u64,
            Task::Alignment | Task::Blocks => 4,
            Task::Recall => 3,
            Task::Xor => 2,
        };
        let seeds = options.seeds.unwrap_or(seeds);
        if task.is_training() {
            if !options.full {
                settings.iterations = 300;
            }
            settings.iterations = options.iterations.unwrap_or(settings.iterations);
        } else {
            let refused = |option: &str| Error::Input {
                place: option.to_owned(),
                found: format!("the task {}", task.name()),
                expected: "recall or xor".into(),
                advice: Some(
                    "nothing is learned in this task, and its rules are those it compares".into(),
                ),
            };
            if options.iterations.is_some() {
                return Err(refused("--iterations"));
            }
            if options.rules.is_some() {
                return Err(refused("--rules"));
            }
        }
        let conditions = match task {
            Task::Alignment => alignment(options.full, settings.neurons),
            Task::Blocks => blocks(options.full),
            Task::Recall | Task::Xor => training(task, options)?,
        };
        let seeds = (first..first.saturating_add(seeds)).collect();
        Ok(Self { task, preview: !options.full, settings, conditions, seeds })
    }
}

fn training(task: Task, options: &Options) -> Result<Vec<Condition>, Error> {
    let rules = match &options.rules {
        Some(rules) => rules.clone(),
        None => {
            let names: &[&str] = match task {
                Task::Recall => {
                    &["bptt", "modprop", "modprop:taps=8", "mdgl", "eprop", "modprop:autodiff"]
                }
                _ => &["bptt", "modprop", "mdgl", "eprop"],
            };
            names.iter().map(|name| rule(name)).collect::<Result<_, _>>()?
        }
    };
    for (k, rule) in rules.iter().enumerate() {
        if rules[..k].contains(rule) {
            return Err(Error::input("--rules", format!("{} twice", name(rule)), "each rule once"));
        }
    }
    let with_types = |rule: TemporalRule| {
        let types = match &rule {
            TemporalRule::Mdgl { feedback } | TemporalRule::Modprop(Modprop { feedback, .. }) => {
                matches!(feedback, Feedback::Type(_)).then_some(TYPES)
            }
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => None,
        };
        Condition { types, ..Condition::plain(rule) }
    };
    Ok(rules.into_iter().map(with_types).collect())
}

/// S, μ and the number of types swept, one at a time.
fn alignment(is_full: bool, neurons: usize) -> Vec<Condition> {
    let by_type = Feedback::Type(Diagonal::Counted);
    let of = |modprop: Modprop, types: Option<usize>| Condition {
        types,
        ..Condition::plain(TemporalRule::Modprop(modprop))
    };
    let mut all = vec![
        Condition::plain(TemporalRule::Bptt),
        Condition::plain(TemporalRule::Eprop),
        Condition::plain(TemporalRule::Mdgl { feedback: Feedback::Cell }),
    ];
    let taps = [Taps::Count(2), Taps::Count(4), Taps::Count(8), Taps::Count(16), Taps::All];
    for form in [Form::Filter, Form::NoLeak] {
        all.extend(taps.map(|taps| of(Modprop { taps, form, ..modprop() }, None)));
    }
    all.push(of(Modprop { form: Form::Autodiff, ..modprop() }, None));
    for types in [2, 4, 8, 16, neurons] {
        let mdgl = Condition::plain(TemporalRule::Mdgl { feedback: by_type });
        all.push(Condition { types: Some(types), ..mdgl });
        all.push(of(Modprop { feedback: by_type, ..modprop() }, Some(types)));
    }
    let parts = if is_full { 16 } else { 8 };
    for form in [Form::Filter, Form::NoLeak, Form::Autodiff] {
        for k in (0..=parts).filter(|k| 2 * k != parts) {
            let mu = Mu::Scalar(BigRational::new(k.into(), parts.into()));
            all.push(of(Modprop { form, mu, ..modprop() }, None));
        }
    }
    all
}

/// Type-specific and cell-specific feedback at each ς, with μ the slope of a linear neuron, or half that of a ReLU.
fn blocks(is_full: bool) -> Vec<Condition> {
    let spreads: &[f64] = if is_full {
        &[0.0, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0]
    } else {
        &[0.0, 0.25, 1.0, 4.0]
    };
    let (counted, excluded) =
        (Feedback::Type(Diagonal::Counted), Feedback::Type(Diagonal::Excluded));
    let mut all = Vec::new();
    for is_linear in [true, false] {
        let mu =
            if is_linear { Mu::Scalar(BigRational::from_integer(1.into())) } else { modprop().mu };
        for spread in spreads {
            let modprop =
                |feedback| TemporalRule::Modprop(Modprop { feedback, mu: mu.clone(), ..modprop() });
            let mdgl = |feedback| TemporalRule::Mdgl { feedback };
            let rules = [
                modprop(Feedback::Cell),
                modprop(excluded),
                modprop(counted),
                mdgl(Feedback::Cell),
                mdgl(excluded),
                TemporalRule::Eprop,
            ];
            let of =
                |rule| Condition { rule, is_linear, types: Some(TYPES), spread: Some(*spread) };
            all.extend(rules.map(of));
        }
    }
    all
}
