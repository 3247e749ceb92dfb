//! What all commands share: their options, reading files, writing results, reporting errors.

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::Diagnostic;

use super::Outcome;
use super::interrupt::{interrupted, undisturbed};
use crate::error::Error;
use crate::report::Failure;
use crate::spec::{Limits, Work};
use crate::wire::dense::{self, DenseDocument};
use crate::wire::json::Json;
use crate::wire::temporal::is_temporal;
use crate::wire::tensor::{LayerNames, Opened};
use crate::wire::{Document, TemporalDocument};

/// The options of every command.
#[derive(Args, Clone, Debug)]
pub(super) struct Common {
    /// How the result is printed [default: text, or json if -o names a .json file]
    #[arg(long, global = true, value_enum)]
    format: Option<Format>,
    /// Write the result to FILE in place of standard output
    #[arg(short, long, global = true, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where random points and directions start
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Bits that an intermediate result may take
    #[arg(long, global = true, value_name = "N", default_value_t = Limits::default().bits)]
    max_bits: u64,
    /// Work that exact arithmetic, reading included, may take on one case, in limb products (64 × 64 bits)
    #[arg(long, global = true, value_name = "N", default_value_t = Limits::default().work.limit())]
    max_work: u64,
    /// Numbers that an exact engine may hold of one kind, such as those of all neurons and examples
    #[arg(long, global = true, value_name = "N", default_value_t = Limits::default().values)]
    max_values: u64,
    /// No progress and no hints; the result is always printed
    #[arg(long, global = true)]
    pub quiet: bool,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// JUnit XML, one test case a check: of certify, check and verify.
    Junit,
}

impl Format {
    /// What is asked for; else json if the output file is called so, else text.
    pub fn of(asked: Option<Self>, output: Option<&Path>) -> Self {
        let json_file = output.and_then(Path::extension).is_some_and(|name| name == "json");
        asked.unwrap_or(if json_file { Self::Json } else { Self::Text })
    }
}

impl Common {
    /// The limits in force, for one case.
    pub fn limits(&self) -> Limits {
        Limits {
            bits: self.max_bits,
            work: Work::up_to(self.max_work),
            values: self.max_values,
            temporal_values: self.max_values,
            // A dense matrix has the square of it.
            neurons: usize::try_from(self.max_values.isqrt()).unwrap_or(usize::MAX),
            ..Limits::default()
        }
    }

    /// Text unless asked otherwise, or unless the output file is called .json.
    pub fn format(&self) -> Format {
        Format::of(self.format, self.output.as_deref())
    }

    /// The output file, if the result is to be written as tensors.
    pub fn tensor_file(&self) -> Option<&Path> {
        self.output
            .as_deref()
            .filter(|file| file.extension().is_some_and(|extension| extension == "safetensors"))
    }

    /// Whether `--format` was given, whatever the output file is called.
    pub fn asks_for_format(&self) -> bool {
        self.format.is_some()
    }

    /// Writes the result where the user wants it; only the chosen form is built.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write(
        &self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Json,
    ) -> Result<(), Error> {
        match self.format() {
            // The command is refused before it begins, so that nothing is computed in vain.
            Format::Junit => Err(Error::unsupported("--format junit in this command")),
            Format::Text | Format::Json => self.write_or_junit(text, json, String::new),
        }
    }

    /// The same for a command whose result is a list of checks.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write_or_junit(
        &self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Json,
        junit: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        let result = match self.format() {
            Format::Text if self.output.is_some() || std::env::var_os("NO_COLOR").is_some() => {
                plain(&text())
            }
            Format::Text => text(),
            Format::Json => json().pretty(),
            Format::Junit => junit(),
        };
        match &self.output {
            Some(file) => write_file(file, result.as_bytes()),
            None => match std::io::stdout().lock().write_all(result.as_bytes()) {
                // A reader that has seen enough (`| head`) is no failure of ours.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    Err(Error::Io { what: format!("cannot write to standard output: {error}") })
                }
                _ => Ok(()),
            },
        }
    }
}

impl Common {
    /// Reports an error: as text on standard error, and on standard output in the form that was asked for. The output file is left as
    /// it is.
    pub fn fail(&self, error: &Error) -> Outcome {
        print_failure(self.format(), &Failure::of(error));
        report(error)
    }
}

/// Prints an error on standard output, for programs that read it.
pub(super) fn print_failure(format: Format, failure: &Failure) {
    let document = match format {
        Format::Text => return,
        Format::Json => failure.json().pretty(),
        Format::Junit => failure.junit(),
    };
    // The message on standard error and the exit code say it too.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(document.as_bytes()).and_then(|()| out.flush());
}

/// A text without its colours: they are for terminals.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    // Each further part begins with the rest of an escape sequence, up to its `m`.
    parts.fold(first, |line, part| line + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// Writes a file whole or not at all.
///
/// # Errors
/// [`Error::Io`] with the name of the file.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    // After a signal the old file stays.
    undisturbed(|| if interrupted() { Err(Error::Interrupted) } else { write_whole(file, bytes) })
}

fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Io {
        what: format!("{}: cannot write: {error}", file.display()),
    };
    if file.is_file() || !file.exists() {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = file.with_file_name(name);
        std::fs::write(&part, bytes).map_err(failed)?;
        std::fs::rename(&part, file).map_err(failed)
    } else {
        // A device or a pipe cannot be replaced by a file.
        std::fs::write(file, bytes).map_err(failed)
    }
}

/// Reads a file, but no more of it than the limit; `-` is standard input.
///
/// # Errors
/// [`Error::Io`] with the name of the file; [`Error::Limit`].
pub(super) fn read_file(file: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let name = file.display().to_string();
    let failed =
        |error: std::io::Error| Error::Io { what: format!("{name}: cannot read: {error}") };
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the parser sees that there is more.
    let most = limits.file_bytes.saturating_add(1);
    if name == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// A case as a command gets it.
pub(super) enum Input {
    /// With all numbers written out, and what the tensors were called that they came from.
    Case(Box<Document>, Vec<LayerNames>),
    /// With more numbers in files than would be written out.
    Dense(Box<DenseDocument>),
    /// With a network that runs in time.
    Temporal(Box<TemporalDocument>),
}

/// Reads a case, and the tensor files that it refers to; every error names the file.
///
/// # Errors
/// As [`read_file`], [`Document::read`] and [`dense::read`].
pub(super) fn read_input(file: &Path, limits: &Limits) -> Result<Input, Error> {
    let bytes = read_file(file, limits)?;
    // Names in a case are relative to the case.
    let folder = file.parent().unwrap_or(Path::new(""));
    let input = || {
        let json = Json::read(&bytes, limits)?;
        if is_temporal(&json, limits) {
            let document = TemporalDocument::from_json(&json, limits)?;
            return Ok(Input::Temporal(Box::new(document)));
        }
        if !dense::refers_to_files(&json, limits) {
            return Ok(Input::Case(Box::new(Document::from_json(&json, limits)?), Vec::new()));
        }
        let found = dense::read(&json, limits, &mut |name| open(&folder.join(name)))?;
        Ok(match found.written_out() {
            Some(document) => Input::Case(Box::new(document), found.names),
            None => Input::Dense(Box::new(found)),
        })
    };
    input().map_err(|error: Error| error.in_file(file.display().to_string()))
}

/// Reads a case for a command that serves none with more parameters than can be written out.
///
/// # Errors
/// As [`read_input`], and [`Error::Unsupported`] with the commands that serve larger ones.
pub(super) fn read_case(file: &Path, limits: &Limits) -> Result<Document, Error> {
    match read_input(file, limits)? {
        Input::Case(document, _) => Ok(*document),
        Input::Dense(found) => Err(too_large(&found, file)),
        Input::Temporal(_) => Err(not_over_time().in_file(file.display().to_string())),
    }
}

/// What a command says that writes every number out.
pub(super) fn too_large(found: &DenseDocument, file: &Path) -> Error {
    Error::unsupported(format!(
        "{} parameters and {} examples in this command, which writes every number out as a fraction and takes up \
         to {} parameters; `creditcheck certify`, `gradient` and `audit` take more",
        found.dense.parameters(),
        found.dense.batch(),
        dense::MOST_PARAMETERS,
    ))
    .in_file(file.display().to_string())
}

/// What a command says that serves no network that runs in time.
pub(super) fn not_over_time() -> Error {
    Error::unsupported(
        "a network that runs in time in this command; `creditcheck compare`, `gradient`, `check` and `show` take it",
    )
}

/// Opens a tensor file; it is read when somebody asks for a tensor.
///
/// # Errors
/// [`Error::Io`] with the name of the file.
pub(super) fn open(file: &Path) -> Result<Opened, Error> {
    let name = file.display().to_string();
    let failed =
        |error: std::io::Error| Error::Io { what: format!("{name}: cannot read: {error}") };
    // A folder opens without complaint and then refuses to be read; a pipe waits for its writer, and cannot be read twice.
    if !std::fs::metadata(file).map_err(failed)?.is_file() {
        return Err(Error::Io { what: format!("{name}: cannot read: not a file") });
    }
    let opened = std::fs::File::open(file).map_err(failed)?;
    Ok(Opened { bytes: Box::new(opened), name })
}

/// An error as miette shows it.
#[derive(Debug)]
struct Shown<'a>(&'a Error);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.advice().map(|advice| Box::new(advice) as Box<dyn fmt::Display>)
    }
}

/// Prints an error to standard error.
pub(super) fn report(error: &Error) -> Outcome {
    use miette::{GraphicalReportHandler, GraphicalTheme};
    use owo_colors::{OwoColorize, Stream};
    let colour = std::env::var_os("NO_COLOR").is_none()
        && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    if handler.render_report(&mut text, &Shown(error)).is_err() {
        text = error.to_string();
    }
    let word = "error".if_supports_color(Stream::Stderr, |word| word.red().to_string());
    // Nothing more can be done about a standard error that is closed.
    let text = text.trim().trim_start_matches("× ");
    let _ = writeln!(std::io::stderr(), "{word}: {text}");
    Outcome::Failed
}
