//! `creditcheck vectors`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::common::Common;
use super::files::{read_file, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::foreign::Foreign;
use crate::progress::Progress;
use crate::report;
use crate::vectors;

/// Makes the test vectors again, or compares them byte for byte.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  creditcheck vectors check fixtures/vectors")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write every file of every set
    Generate(Folder),
    /// Compare every file of every set with what this program makes
    Check(Folder),
}

#[derive(Args, Debug)]
struct Folder {
    /// The folder with the sets
    #[arg(value_name = "DIR", default_value = "fixtures/vectors")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    match &arguments.action {
        Action::Generate(Folder { folder }) => generate(folder, common),
        Action::Check(Folder { folder }) => check(folder, common),
    }
}

/// Every file of every set, in memory.
fn make(common: &Common) -> Result<BTreeMap<String, String>, Error> {
    let plan = vectors::plan();
    // A file over time takes seconds.
    Bar::new(common, plan.len()).alone(move |bar| {
        let mut made = BTreeMap::new();
        for file in &plan {
            bar.item(&file.name());
            bar.stage("draw and check")?;
            made.insert(file.name(), file.text()?);
            bar.done();
        }
        Ok(made)
    })
}

fn generate(folder: &Path, common: &Common) -> Result<Outcome, Error> {
    let made = make(common)?;
    for set in vectors::Set::ALL {
        let set = folder.join(set.name());
        std::fs::create_dir_all(&set).map_err(|error| Error::Io {
            what: format!("{}: cannot make the folder: {error}", set.display()),
        })?;
    }
    for (name, text) in &made {
        write_file(&folder.join(name), text.as_bytes())?;
    }
    let bytes: usize = made.values().map(String::len).sum();
    common.write(
        || {
            let folder = folder.display().to_string();
            format!("{} files, {bytes} bytes, in {}\n", made.len(), Foreign(&folder))
        },
        || report::vectors_generated_json(made.keys(), bytes),
    )?;
    Ok(Outcome::Agree)
}

fn check(folder: &Path, common: &Common) -> Result<Outcome, Error> {
    // Reading first: a wrong folder should not cost the time of making everything.
    let on_disk = read(folder, common)?;
    let made = make(common)?;
    let differences = vectors::compare(&on_disk, &made);
    common.write(
        || {
            if differences.is_empty() {
                return format!("{} files, byte for byte as this program makes them\n", made.len());
            }
            let lines = differences.iter().map(|d| format!("{}\n", Foreign(&d.to_string())));
            let accept = format!("accept with: {}\n", vectors::COMMAND);
            lines.chain([accept]).collect()
        },
        || report::vectors_checked_json(made.len(), &differences),
    )?;
    Ok(if differences.is_empty() { Outcome::Agree } else { Outcome::Disagree })
}

/// Every file in the folders of the sets, but what they say of themselves.
fn read(folder: &Path, common: &Common) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for set in vectors::Set::ALL {
        let place = folder.join(set.name());
        let failed = |error: std::io::Error| Error::Io {
            what: format!("{}: cannot read the folder: {error}", place.display()),
        };
        for entry in std::fs::read_dir(&place).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = format!("{}/{}", set.name(), entry.file_name().to_string_lossy());
            if entry.file_name() != vectors::ABOUT {
                files.insert(name, read_file(&entry.path(), &common.limits())?);
            }
        }
    }
    Ok(files)
}
