//! `creditcheck/gradient/1` of a network that runs in time: read and written.

use num_rational::BigRational;

use crate::error::Error;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Number, PerBlock, Taps, TemporalCase,
    TemporalGradient, TemporalRule, blocks_over_time,
};
use crate::wire::case::number_json;
use crate::wire::cursor::Cursor;
use crate::wire::gradient::{FORMAT, Quantity, Reader, entry_json, header};
use crate::wire::json::Json;

/// A gradient or an update on the parameters of a temporal case.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientOverTime {
    /// The digest of the case it belongs to.
    pub case: Option<String>,
    /// Which rule made it.
    pub rule: Option<String>,
    /// What the name of the rule leaves open, as in [`options`].
    pub options: Vec<(&'static str, Json)>,
    /// How its entries are held.
    pub number: Number,
    /// What its entries are.
    pub quantity: Quantity,
    /// L, if given.
    pub loss: Option<BigRational>,
    /// W, N × N, the diagonal too.
    pub recurrent: Vec<Vec<BigRational>>,
    /// U, N × M.
    pub input: Vec<Vec<BigRational>>,
    /// V, K × N.
    pub readout: Vec<Vec<BigRational>>,
    /// b, exactly where the case has it.
    pub readout_biases: Option<Vec<BigRational>>,
}

impl GradientOverTime {
    /// What a rule has computed.
    #[must_use]
    pub fn of(
        rule: &TemporalRule,
        number: Number,
        quantity: Quantity,
        found: TemporalGradient<BigRational>,
    ) -> Self {
        Self {
            case: None,
            rule: Some(rule.name().into()),
            options: options(rule),
            number,
            quantity,
            loss: Some(found.loss),
            recurrent: found.recurrent,
            input: found.input,
            readout: found.readout,
            readout_biases: found.readout_biases,
        }
    }

    /// Every entry, block by block, in the order of the file.
    #[must_use]
    pub fn per_block(&self) -> PerBlock<&BigRational> {
        let matrices = [&self.recurrent[..], &self.input, &self.readout];
        blocks_over_time(matrices, self.readout_biases.as_deref())
    }
}

/// What the name of a rule leaves open: `feedback`, `diagonal`, `taps`, `mu` and `form`, as far as the rule has them.
#[must_use]
pub fn options(rule: &TemporalRule) -> Vec<(&'static str, Json)> {
    let of_feedback = |feedback: Feedback| {
        let mut fields = vec![("feedback", Json::text(feedback.name()))];
        if let Feedback::Type(diagonal) = feedback {
            fields.push(("diagonal", Json::text(diagonal.name())));
        }
        fields
    };
    match rule {
        TemporalRule::Mdgl { feedback } => of_feedback(*feedback),
        TemporalRule::Modprop(Modprop { feedback, taps, mu, form }) => {
            let mut fields = of_feedback(*feedback);
            let taps = match taps {
                Taps::All => Json::text("all"),
                Taps::Count(count) => Json::count(*count),
            };
            let mu = match mu {
                Mu::Scalar(mu) => number_json(mu),
                Mu::PerCell(list) => Json::array(list, number_json),
            };
            fields.extend([("taps", taps), ("mu", mu), ("form", Json::text(form.name()))]);
            fields
        }
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop => Vec::new(),
    }
}

/// Reads a gradient that belongs to `case`.
///
/// # Errors
/// [`Error::Input`] where the shape is not that of the case, a field is unknown, or an entry
/// is no value of the float format that the file names.
pub fn read(bytes: &[u8], case: &TemporalCase, limits: &Limits) -> Result<GradientOverTime, Error> {
    let json = Json::read(bytes, limits)?;
    let root = Cursor::root(&json, limits);
    for layered in ["layers", "synapses", "biases", "inputs"] {
        if let Some(field) = root.field(layered) {
            return Err(field.error(
                "no such field for a network that runs in time: it has \"recurrent\", \"input\", \"readout\" and \"readout_biases\"",
            ));
        }
    }
    let header = header(&root, &["options", "recurrent", "input", "readout", "readout_biases"])?;
    let reader = Reader { number: header.number };
    let (neurons, inputs, readouts) =
        (case.network.neurons(), case.network.inputs(), case.network.readouts());
    let matrix = |name: &str, rows: usize, row_of: &str, columns: usize, column_of: &str| {
        let list = root.required(name)?.exactly(rows, &format!("rows, one per {row_of}"))?;
        let entries = format!("entries, one per {column_of}");
        list.iter().map(|row| reader.numbers(row, columns, &entries)).collect::<Result<Vec<_>, _>>()
    };
    let readout_biases = match (&case.network.readout_biases, root.field("readout_biases")) {
        (None, Some(list)) => return Err(list.error("no readout biases: the case has none")),
        (None, None) => None,
        (Some(_), None) => {
            root.required("readout_biases")?;
            None
        }
        (Some(_), Some(list)) => {
            Some(reader.numbers(&list, readouts, "entries, one per readout")?)
        }
    };
    Ok(GradientOverTime {
        case: header.case,
        rule: header.rule,
        options: read_options(&root, neurons)?,
        number: header.number,
        quantity: header.quantity,
        loss: header.loss,
        recurrent: matrix(
            "recurrent",
            neurons,
            "postsynaptic neuron",
            neurons,
            "presynaptic neuron",
        )?,
        input: matrix("input", neurons, "neuron", inputs, "input")?,
        readout: matrix("readout", readouts, "readout", neurons, "neuron")?,
        readout_biases,
    })
}

/// What the file says of its rule; checked for its form, and no more: somebody else's rule is theirs.
fn read_options(root: &Cursor<'_>, neurons: usize) -> Result<Vec<(&'static str, Json)>, Error> {
    const KNOWN: [&str; 5] = ["feedback", "diagonal", "taps", "mu", "form"];
    let Some(place) = root.field("options") else { return Ok(Vec::new()) };
    place.object(&KNOWN)?;
    let mut found = Vec::new();
    for name in KNOWN {
        let Some(field) = place.field(name) else { continue };
        match name {
            "feedback" => field.choice(&[("cell", ()), ("type", ())])?,
            "diagonal" => {
                let both = [Diagonal::Counted, Diagonal::Excluded].map(|d| (d.name(), ()));
                field.choice(&both)?;
            }
            "form" => {
                let all = [Form::Filter, Form::NoLeak, Form::Autodiff].map(|f| (f.name(), ()));
                field.choice(&all)?;
            }
            "taps" if field.value() != &Json::text("all") => {
                field.index(1 << 20, "\"all\", or a number of taps")?;
            }
            "mu" if matches!(field.value(), Json::Array(_)) => {
                field.numbers(neurons, "values of μ, one per neuron")?;
            }
            "mu" => {
                field.number()?;
            }
            _ => {}
        }
        found.push((name, field.value().clone()));
    }
    Ok(found)
}

/// The gradient as a document.
#[must_use]
pub fn to_json(gradient: &GradientOverTime) -> Json {
    let entry = |value: &BigRational| entry_json(value, gradient.number);
    let matrix = |rows: &[Vec<BigRational>]| Json::array(rows, |row| Json::array(row, entry));
    let mut fields = vec![("format", Json::text(FORMAT))];
    if let Some(digest) = &gradient.case {
        fields.push(("case", Json::text(digest)));
    }
    if let Some(rule) = &gradient.rule {
        fields.push(("rule", Json::text(rule)));
    }
    if !gradient.options.is_empty() {
        fields.push(("options", Json::object(gradient.options.iter().cloned())));
    }
    fields.push(("number", Json::text(gradient.number.name())));
    fields.push(("quantity", Json::text(gradient.quantity.name())));
    if let Some(loss) = &gradient.loss {
        fields.push(("loss", entry(loss)));
    }
    fields.push(("recurrent", matrix(&gradient.recurrent)));
    fields.push(("input", matrix(&gradient.input)));
    fields.push(("readout", matrix(&gradient.readout)));
    if let Some(biases) = &gradient.readout_biases {
        fields.push(("readout_biases", Json::array(biases, entry)));
    }
    Json::object(fields)
}
