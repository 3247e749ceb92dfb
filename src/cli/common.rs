//! What all commands share: their options, reading cases, writing results, reporting errors.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::Diagnostic;
use num_rational::BigRational;
use num_traits::Zero;

use super::files::{Reach, read_file, write_file};
use super::outcome::Outcome;
use crate::error::Error;
use crate::foreign::{Foreign, page};
use crate::kinds::{self, Kind};
use crate::number;
use crate::paragraph::{WIDTH, wrapped};
use crate::report::{Failure, Ink};
use crate::spec::{Arithmetic, Dtype, Limits, Operands, Work};
use crate::wire::json::Json;

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
            Format::Text => page(&text(), self.ink().codes()),
            Format::Json => json().pretty(),
            Format::Junit => junit(),
        };
        match &self.output {
            Some(file) => write_file(file, result.as_bytes()),
            None => to_stdout(result.as_bytes()),
        }
    }

    /// Colours are for terminals.
    pub fn ink(&self) -> Ink {
        if self.output.is_none() && wants_colour(&std::io::stdout()) {
            Ink::Coloured
        } else {
            Ink::Plain
        }
    }

    /// A line for whoever looks on.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            to_stderr(&wrapped(0, line), &[]);
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

/// Whether somebody looks on who wants colours (no-color.org).
pub(super) fn wants_colour(stream: &impl IsTerminal) -> bool {
    let asked_not = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let cannot = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    stream.is_terminal() && !asked_not && !cannot
}

/// Writes to standard output.
///
/// # Errors
/// [`Error::Io`] where it cannot be written.
pub(super) fn to_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A reader that has seen enough (`| head`) is no failure of ours.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Io { what: format!("cannot write to standard output: {error}") })
        }
        _ => Ok(()),
    }
}

/// Writes to standard error, in these colours.
pub(super) fn to_stderr(text: &str, codes: &[&str]) {
    // Nothing more can be done about a standard error that is closed or full.
    let _ = std::io::stderr().lock().write_all(page(text, codes).as_bytes());
}

/// Reads a case, and the tensor files that it refers to; every error names the file.
///
/// # Errors
/// As [`read_file`] and [`kinds::read`].
pub(super) fn read_case(
    file: &Path,
    reach: Reach,
    limits: &Limits,
) -> Result<Box<dyn Kind>, Error> {
    let bytes = read_file(file, limits)?;
    // Names in a case are relative to the case.
    let folder = file.parent().unwrap_or(Path::new(""));
    kinds::read(&bytes, limits, &mut |name| reach.open(folder, name)).map_err(of_case(file))
}

/// Puts the file of a case before an error; an option that cannot be read is none of the file.
pub(super) fn of_case(file: &Path) -> impl Fn(Error) -> Error + '_ {
    move |error| match &error {
        Error::Input { place, .. } if place.starts_with("--") => error,
        _ => error.in_file(file.display().to_string()),
    }
}

/// What `--scale` says: their loss divided by ours.
///
/// # Errors
/// [`Error::Input`] for what is no number, and for 0.
pub(super) fn scale_of(text: &str, limits: &Limits) -> Result<BigRational, Error> {
    let refused = || Error::input("--scale", format!("\"{text}\""), "a number that is not zero");
    number::parse(text, limits).ok().filter(|scale| !scale.is_zero()).ok_or_else(refused)
}

/// In which arithmetic somebody computed: one format, or the format of the operands of products and that of their sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ArithmeticName {
    F64,
    F32,
    Bf16,
    F16,
    #[value(name = "tf32-f32")]
    Tf32,
    #[value(name = "bf16-f32")]
    Bf16Operands,
    #[value(name = "f16-f32")]
    F16Operands,
}

impl ArithmeticName {
    /// What the name means.
    pub fn meant(self) -> Arithmetic {
        match self {
            Self::F64 => Dtype::F64.into(),
            Self::F32 => Dtype::F32.into(),
            Self::Bf16 => Dtype::Bf16.into(),
            Self::F16 => Dtype::F16.into(),
            Self::Tf32 => Arithmetic::Products(Operands::Tf32),
            Self::Bf16Operands => Arithmetic::Products(Operands::Bf16),
            Self::F16Operands => Arithmetic::Products(Operands::F16),
        }
    }
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
        self.0.advice().map(|advice| Box::new(Foreign(advice)) as Box<dyn fmt::Display>)
    }
}

/// Prints an error to standard error.
pub(super) fn report(error: &Error) -> Outcome {
    use miette::{GraphicalReportHandler, GraphicalTheme};
    // Red, cyan, and the end of each.
    const CODES: [&str; 4] = ["\u{1b}[31m", "\u{1b}[36m", "\u{1b}[39m", "\u{1b}[0m"];
    let colour = wants_colour(&std::io::stderr());
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    // The mark of the first line gives way to a word that is longer by this.
    const WORD: usize = "error: ".len() - "× ".len();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH - WORD);
    if handler.render_report(&mut text, &Shown(error)).is_err() {
        text = error.to_string();
    }
    let text = text.trim().trim_start_matches("× ");
    if colour {
        to_stderr(&format!("{}error{}: {text}\n", CODES[0], CODES[2]), &CODES);
    } else {
        to_stderr(&format!("error: {text}\n"), &[]);
    }
    Outcome::Failed
}
