//! What the program keeps of an experiment while it runs, and writes when all runs are there.

use crate::error::Error;
use crate::simulate::experiment::Experiment;
use crate::spec::Limits;
use crate::wire::json::Json;

/// An experiment whose runs stand in a file, one a line, and whose results are files, a text and a document.
pub trait Reported: Experiment {
    /// Its name, which is that of its files too.
    fn name(&self) -> &str;

    /// What a run is called while it is waited for.
    fn shown(&self, key: &Self::Key) -> String;

    /// The first line of a file of runs, with its end: the same for the same plan, and for no other.
    fn header(&self) -> String;

    /// A finished run as a line, with its end.
    fn line(&self, run: &Self::Run) -> String;

    /// Reads what [`line`](Self::line) wrote.
    ///
    /// # Errors
    /// [`Error::Input`] with the place of what is not as it should be.
    fn read_line(&self, text: &str, limits: &Limits) -> Result<Self::Run, Error>;

    /// What all runs say.
    ///
    /// # Errors
    /// [`Error::Input`] if runs do not fit together.
    fn results(&self, runs: &[Self::Run]) -> Result<Results, Error>;
}

/// What is written of an experiment.
#[derive(Clone, Debug)]
pub struct Results {
    /// The tables and sentences.
    pub text: String,
    /// The same as a document.
    pub document: Json,
    /// Tables and pages, each with the name of its file.
    pub files: Vec<(String, String)>,
}
