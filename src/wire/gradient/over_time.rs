//! Documents of networks that run in time: a field for each block, or a list of layers with such fields.

use num_rational::BigRational;

use super::{Form, Reader, Subject};
use crate::error::Error;
use crate::spec::{Field, Layout, Part, StackCase, TemporalCase};
use crate::wire::cursor::Cursor;

/// The gradient of a kind of network that has a field for each block.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// What such a network is called, such as `a network that runs in time`.
    pub network: &'static str,
    /// All fields that there may be; a case has some of them.
    pub all: &'static [Field],
    /// How many neurons there are, for options that have a number for each.
    pub neurons: usize,
}

impl Fields {
    /// `"a", "b" and "c"`
    fn names(&self) -> String {
        let names: Vec<_> = self.all.iter().map(|field| format!("\"{}\"", field.name)).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }

    /// The fields of other kinds are told so, not that they are unknown.
    pub(super) fn refuse_others(&self, root: &Cursor<'_>) -> Result<(), Error> {
        for other in ["layers", "synapses", "biases", "inputs"] {
            if self.all.iter().any(|own| own.name == other) {
                continue;
            }
            if let Some(field) = root.field(other) {
                let (network, names) = (self.network, self.names());
                return Err(field.error(format!("no such field for {network}: it has {names}")));
            }
        }
        Ok(())
    }
}

impl Subject {
    /// A network that runs in time.
    #[must_use]
    pub fn over_time(case: &TemporalCase) -> Self {
        const ALL: &[Field] =
            &[Field::RECURRENT, Field::INPUT, Field::BIASES, Field::READOUT, Field::READOUT_BIASES];
        let (network, neurons) = ("a network that runs in time", case.network.neurons());
        let layout = Layout::over_time(&case.network);
        Self::with_fields(layout, Fields { network, all: ALL, neurons })
    }

    /// Layers in time, or one whose leak is a parameter.
    #[must_use]
    pub fn of_stack(case: &StackCase) -> Self {
        const OF_ONE: &[Field] = &[
            Field::RECURRENT,
            Field::INPUT,
            Field::BIASES,
            Field::LEAK,
            Field::READOUT,
            Field::READOUT_BIASES,
        ];
        const OF_READOUT: &[Field] = &[Field::READOUT, Field::READOUT_BIASES];
        let (network, neurons) = ("a network that runs in time", case.network.neurons());
        let layout = Layout::of_stack(&case.network);
        if !case.network.is_listed {
            return Self::with_fields(layout, Fields { network, all: OF_ONE, neurons });
        }
        let network = "several layers in time";
        let whole = Fields { network, all: OF_READOUT, neurons };
        let layers = case.network.layers.len();
        Self { layout, form: Form::Stack { layers, whole }, solved: None }
    }

    /// A network whose gradient has a field for each block.
    #[must_use]
    pub fn with_fields(layout: Layout, fields: Fields) -> Self {
        Self { layout, form: Form::Fields(fields), solved: None }
    }
}

/// Fields of one layer beside those of several.
pub(super) fn refuse_fields_of_one(root: &Cursor<'_>) -> Result<(), Error> {
    for field in [Field::RECURRENT, Field::INPUT, Field::BIASES, Field::LEAK] {
        if let Some(place) = root.field(field.name) {
            let each = format!(
                "no such field for several layers in time: each has \"{}\" in \"stack\"",
                field.name
            );
            return Err(place.error(each));
        }
    }
    Ok(())
}

impl Reader {
    /// A field for each block.
    pub(super) fn fields(
        &self,
        root: &Cursor<'_>,
        layout: &Layout,
        all: &[Field],
    ) -> Result<Vec<BigRational>, Error> {
        for field in all {
            let is_there = layout.blocks.iter().any(|block| block.part == Part::Field(*field));
            if let Some(place) = root.field(field.name).filter(|_| !is_there) {
                let words = field.name.replace('_', " ");
                return Err(place.error(format!("no {words}: the case has none")));
            }
        }
        let mut entries = Vec::new();
        for block in &layout.blocks {
            let Part::Field(field) = block.part else { continue };
            entries.extend(self.block(&root.required(field.name)?, &block.shape, field.each)?);
        }
        Ok(entries)
    }

    /// The layers, and the fields of the whole.
    pub(super) fn stack(
        &self,
        root: &Cursor<'_>,
        layout: &Layout,
        layers: usize,
        whole: &[Field],
    ) -> Result<Vec<BigRational>, Error> {
        const OF_LAYER: [Field; 4] = [Field::RECURRENT, Field::INPUT, Field::BIASES, Field::LEAK];
        let list = root.required("stack")?.exactly(layers, "layers, as in the case")?;
        let mut entries = Vec::new();
        for (l, place) in list.iter().enumerate() {
            place.object(&OF_LAYER.map(|field| field.name))?;
            for field in OF_LAYER {
                let part = Part::Stacked(l, field);
                let block = layout.blocks.iter().find(|block| block.part == part);
                match (block, place.field(field.name)) {
                    (Some(block), _) => {
                        let given = place.required(field.name)?;
                        entries.extend(self.block(&given, &block.shape, field.each)?);
                    }
                    (None, Some(given)) => {
                        let words = match field {
                            Field::LEAK => "no leak: that of this layer is no parameter",
                            _ => "no biases: this layer of the case has none",
                        };
                        return Err(given.error(words));
                    }
                    (None, None) => {}
                }
            }
        }
        entries.extend(self.fields(root, layout, whole)?);
        Ok(entries)
    }
}
