//! Errors: what happened, where, and who should act.
//!
//! A disagreement between two engines is not an error, and neither is "nothing was
//! checked": those are values of [`crate::verdict::Verdict`].
//!
//! The fields hold what was found as it is; what is displayed is fit to be shown, whoever wrote it (see [`crate::foreign`]).

use thiserror::Error as ThisError;

use crate::foreign::Foreign;

/// How the unit of work is called in messages; [`Error::advice`] names the option by it.
pub(crate) const WORK: &str = "limb products";

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Error {
    /// A file does not say what its format requires; whoever wrote the file should act.
    #[error("{}: found {}, expected {}", Foreign(.place), Foreign(.found), Foreign(.expected))]
    Input {
        /// The JSON path, such as `network.layers[1].weights[0][3]`.
        place: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
        /// How to mend it, where there is more to say.
        advice: Option<String>,
    },
    /// A bound of [`crate::spec::Limits`] would be passed; raise the limit or make the case smaller.
    #[error("{}: {given} is over the limit of {limit}", Foreign(.what))]
    Limit {
        /// What was measured, with its place.
        what: String,
        /// How much there is.
        given: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// The request makes sense, and is not served.
    #[error("unsupported: {}", Foreign(.what))]
    Unsupported {
        /// What was asked for, and what would be served instead.
        what: String,
    },
    /// A network with a cycle has no equilibrium here that can be found and confirmed; give one in the case, or another network.
    #[error("no equilibrium: {}", Foreign(.what))]
    NoEquilibrium {
        /// Of which example, what was tried, and what was left over.
        what: String,
    },
    /// A linear system has no unique solution; the network itself is at fault.
    #[error("singular: {}", Foreign(.what))]
    Singular {
        /// Which system.
        what: String,
    },
    /// An iteration stopped before its equilibrium; the network may have none, or another method may find it.
    #[error("not converged: {}: residual {residual} after {sweeps} sweeps", Foreign(.what))]
    NotConverged {
        /// Which equilibrium, of which example.
        what: String,
        /// How far the last numbers are from obeying their equation, and how far they should be.
        residual: String,
        /// How many sweeps were taken.
        sweeps: usize,
    },
    /// A net input so near a kink that its balance factor may be that of either side; the network itself is at fault.
    #[error("ambiguous: {}; firing residual {residual}", Foreign(.what))]
    Ambiguous {
        /// Which neuron, how near, and what the reach is.
        what: String,
        /// How far the firing rates are from obeying their equation.
        residual: String,
    },
    /// A float engine left the finite numbers; use a smaller case or exact arithmetic.
    #[error("not finite: {}", Foreign(.what))]
    NotFinite {
        /// Which quantity.
        what: String,
    },
    /// A product of matrices failed Freivalds' check; the library that multiplies or the machine is at fault.
    #[error("wrong product: {} fails Freivalds' check modulo p", Foreign(.what))]
    WrongProduct {
        /// Which product.
        what: String,
    },
    /// The operating system refused a file; only the program itself reads files.
    #[error("{}", Foreign(.what))]
    Io {
        /// What was attempted and what the system said.
        what: String,
    },
    /// Something that the file names.
    #[error("{}: {error}", Foreign(.file))]
    InFile {
        /// The file as the user named it.
        file: String,
        /// What is wrong in it.
        error: Box<Error>,
    },
    /// Something that a document names, such as a tensor file.
    #[error("{}: {error}", Foreign(.place))]
    Named {
        /// The place in the document that names it.
        place: String,
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// The user pressed Ctrl-C; everything already written is whole.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An [`Error::Unsupported`] with this text.
    #[must_use]
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// An [`Error::Input`] without advice.
    #[must_use]
    pub fn input(
        place: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Input {
            place: place.into(),
            found: found.into(),
            expected: expected.into(),
            advice: None,
        }
    }

    /// The same error with the name of the file it is about.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        match self {
            // An operating-system error already names its file.
            Self::Io { .. } | Self::InFile { .. } | Self::Interrupted => self,
            error => Self::InFile { file: file.into(), error: Box::new(error) },
        }
    }

    /// The same error with the place of the document that names what it is about.
    #[must_use]
    pub fn named_at(self, place: &str) -> Self {
        match self {
            Self::Interrupted => self,
            // An error about a field of that place.
            Self::Input { place: field, found, expected, advice } => {
                Self::Input { place: format!("{place}.{field}"), found, expected, advice }
            }
            error => Self::Named { place: place.to_owned(), error: Box::new(error) },
        }
    }

    /// The same error with the number of the example whose equilibrium it is about.
    #[must_use]
    pub fn in_example(self, example: usize) -> Self {
        match self {
            Self::NoEquilibrium { what } => {
                Self::NoEquilibrium { what: format!("example {example}: {what}") }
            }
            error => error,
        }
    }

    /// Whether the budget of work is spent.
    #[must_use]
    pub fn is_out_of_work(&self) -> bool {
        match self {
            Self::Limit { what, .. } => what.contains(WORK),
            Self::InFile { error, .. } => error.is_out_of_work(),
            _ => false,
        }
    }

    /// What the user can do about it, where the message alone does not say.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Input { advice, .. } => advice.as_deref(),
            Self::InFile { error, .. } | Self::Named { error, .. } => error.advice(),
            Self::Limit { what, .. } if what.contains("bits") => {
                Some("raise it with --max-bits N, or make the numbers of the case shorter")
            }
            Self::Limit { what, .. } if what.contains(WORK) => {
                Some("raise it with --max-work N, or make the case smaller or its numbers shorter")
            }
            Self::Limit { what, .. } if what.starts_with("numbers of ") => Some(
                "raise it with --max-values N if there is memory for more, or make the case smaller",
            ),
            Self::Limit { what, .. } if MATRICES.iter().any(|matrix| what.contains(matrix)) => {
                Some(
                    "raise it with --max-values N, where N is the square of it, if there is memory for so many numbers",
                )
            }
            _ => None,
        }
    }
}

/// What a limit on neurons is called whose square is the size of a matrix.
const MATRICES: [&str; 3] =
    ["neurons in one elimination", "rows of ", "neurons of a recurrent network"];
