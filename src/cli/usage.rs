//! Arguments that cannot be read, and those that say nothing where they stand.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, ValueEnum};

use super::common::{Common, Format, print_failure, report, to_stderr, to_stdout, wants_colour};
use super::outcome::Outcome;
use super::{Arguments, Command};
use crate::error::Error;
use crate::paragraph::{WIDTH, columns, hanging};
use crate::report::Failure;

/// Prints what clap has to say: help and version, or what is wrong with the arguments, in the form that they ask for.
pub(super) fn answer(said: &clap::Error, arguments: &[OsString]) -> Outcome {
    let text = said.render();
    if said.use_stderr() {
        // It quotes what was typed, which may come from a file too, such as a name in a list.
        to_stderr(&lines(&text.to_string()), &[]);
        print_failure(format_of(arguments), &failure(said));
        return Outcome::Failed;
    }
    let text = match wants_colour(&std::io::stdout()) {
        true => text.ansi().to_string(),
        false => text.to_string(),
    };
    to_stdout(text.as_bytes()).map_or_else(|error| report(&error), |()| Outcome::Agree)
}

/// Lines that are too long go on two columns further in.
fn lines(text: &str) -> String {
    let line = |line: &str| match columns(line) <= WIDTH {
        true => format!("{line}\n"),
        false => {
            let words = line.trim_start();
            let indent = line.len() - words.len();
            hanging(indent, indent + 2, words)
        }
    };
    text.lines().map(line).collect()
}

/// What clap says, field by field.
fn failure(said: &clap::Error) -> Failure {
    let of = |kind| match said.get(kind)? {
        ContextValue::None => None,
        ContextValue::Strings(all) if all.is_empty() => None,
        value => Some(value.to_string()),
    };
    let text = said.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let message = paragraph.trim_start_matches("error:").split_whitespace().collect::<Vec<_>>();
    Failure {
        kind: "usage",
        message: message.join(" "),
        place: of(ContextKind::InvalidArg).or_else(|| of(ContextKind::InvalidSubcommand)),
        found: of(ContextKind::InvalidValue),
        expected: of(ContextKind::ValidValue).or_else(|| of(ContextKind::ValidSubcommand)),
        advice: of(ContextKind::Usage),
        ..Failure::default()
    }
}

/// Refuses a common option that stands before the command and behind it, with a value each: one of them would be ignored.
///
/// # Errors
/// [`Error::Input`] with the option.
pub(super) fn expect_once(arguments: &[OsString]) -> Result<(), Error> {
    let given = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    let given: Vec<_> = given.take_while(|argument| argument != "--").collect();
    let all = Arguments::command();
    let common = all.get_arguments().filter(|option| option.is_global_set());
    for option in common.filter(|option| option.get_action().takes_values()) {
        let long = format!("--{}", option.get_long().unwrap_or_default());
        let short = option.get_short().map(|letter| format!("-{letter}"));
        let is_it = |argument: &str| {
            let is_short = || short.as_ref().is_some_and(|short| argument.starts_with(short));
            let is_long = |rest: &str| rest.is_empty() || rest.starts_with('=');
            argument.strip_prefix(&long).map_or_else(is_short, is_long)
        };
        if given.iter().filter(|argument| is_it(argument)).count() > 1 {
            return Err(Error::input(long, "the option twice", "it once"));
        }
    }
    Ok(())
}

/// The form that arguments ask for which cannot be read as a whole: as far as they can be recognised.
fn format_of(arguments: &[OsString]) -> Format {
    let (mut asked, mut output) = (None, None);
    let mut rest = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        match argument.as_ref() {
            "--" => break,
            "--format" => asked = rest.next(),
            "--output" | "-o" => output = rest.next(),
            other => {
                let value = |option: &str| other.strip_prefix(option).map(|v| v.to_owned().into());
                asked = value("--format=").or(asked);
                let short = || value("-o").filter(|_| !other.starts_with("--"));
                output = value("--output=").or_else(short).or(output);
            }
        }
    }
    let asked = asked.and_then(|word| Format::from_str(&word, false).ok());
    let output = output.map(|file| file.trim_start_matches('=').to_owned());
    Format::of(asked, output.as_deref().map(Path::new))
}

/// Refuses a common option in a command where it would say nothing.
///
/// # Errors
/// [`Error::Unsupported`] with the option, and the commands that have it.
pub(super) fn expect_used(command: Option<&Command>, common: &Common) -> Result<(), Error> {
    let is_judged = matches!(
        command,
        None | Some(Command::Certify(_) | Command::Check(_) | Command::Verify(_))
    );
    if common.format() == Format::Junit && !is_judged {
        return Err(Error::unsupported(
            "--format junit in this command, whose result is no list of checks; certify, check and verify have it",
        ));
    }
    if common.tensor_file().is_none() {
        return Ok(());
    }
    if !matches!(command, Some(Command::Gradient(_))) {
        return Err(Error::unsupported(
            "-o FILE.safetensors in this command, whose result is no tensor; `creditcheck gradient` writes tensors",
        ));
    }
    if common.asks_for_format() {
        return Err(Error::unsupported(
            "--format with -o FILE.safetensors, which is written as tensors; leave one of them out",
        ));
    }
    Ok(())
}
