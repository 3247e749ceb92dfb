//! What `certify --coq` writes.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::common::Common;
use super::files::write_file;
use crate::certificate::Certificate;
use crate::certify;
use crate::coq;
use crate::error::Error;
use crate::foreign::Foreign;

/// Whether certificates for Coq are wanted, and which.
#[derive(Args, Debug, Default)]
pub(super) struct Wanted {
    /// Also write DIR/<name>.v for each case: a certificate that Coq checks
    #[arg(long, value_name = "DIR", requires = "cases")]
    coq: Option<PathBuf>,
    /// With --coq: the exact numbers of the case, or its credits in floats with proved bounds
    #[arg(long, value_enum, requires = "coq", default_value = "exact")]
    number: Number,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Number {
    /// DIR/<name>.v: rates, balance factors, credits and updates, all exact.
    #[default]
    Exact,
    /// DIR/<name>_f64.v: credits as the float side computed them, and how far from the exact ones they are at most.
    F64,
}

/// The files that one run has written.
#[derive(Debug)]
pub(super) struct Written<'a> {
    wanted: &'a Wanted,
    names: BTreeSet<String>,
}

impl<'a> Written<'a> {
    pub fn new(wanted: &'a Wanted) -> Self {
        Self { wanted, names: BTreeSet::new() }
    }

    /// Writes the file of one case, if files are wanted.
    ///
    /// # Errors
    /// As [`coq::exact`], [`coq::residual`] and the float engines; [`Error::Io`] where the file cannot be written or is not one of ours;
    /// [`Error::Unsupported`] for two cases of one name.
    pub fn add(&mut self, case: &Path, issued: &Certificate, common: &Common) -> Result<(), Error> {
        let Some(folder) = &self.wanted.coq else { return Ok(()) };
        let stem = case.file_stem().unwrap_or_default().to_string_lossy();
        let title = issued.case.name.as_deref().unwrap_or(&stem);
        let (name, text) = match self.wanted.number {
            Number::Exact => (coq::name(title), coq::exact(issued)?),
            Number::F64 => {
                let given = certify::float_credits(issued)?;
                let text = coq::residual(&issued.case, &issued.case_digest, &given)?;
                (coq::name(title) + "_f64", text)
            }
        };
        if !self.names.insert(name.clone()) {
            return Err(Error::unsupported(format!(
                "two cases whose certificate would be {name}.v; name them differently, or write them into two folders"
            )));
        }
        let file = folder.join(name + ".v");
        not_foreign(&file)?;
        std::fs::create_dir_all(folder).map_err(|error| Error::Io {
            what: format!("{}: cannot make the folder: {error}", folder.display()),
        })?;
        write_file(&file, text.as_bytes())?;
        let name = file.display().to_string();
        let name = Foreign(&name);
        common.note(&format!("wrote {name}; check it: proofs/accept {name}"));
        Ok(())
    }

    /// Whether files are wanted.
    pub fn wanted(&self) -> bool {
        self.wanted.coq.is_some()
    }
}

/// A file that is there already is replaced only if an earlier run wrote it.
fn not_foreign(file: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Io {
        what: format!("{}: cannot read: {error}", file.display()),
    };
    if !file.exists() {
        return Ok(());
    }
    let mut start = vec![0; coq::MARK.len()];
    let opened = std::fs::File::open(file).and_then(|mut opened| opened.read_exact(&mut start));
    match opened {
        Ok(()) if start == coq::MARK.as_bytes() => Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(failed(error)),
        _ => Err(Error::Io {
            what: format!(
                "{}: is there already, and creditcheck did not write it; move it, or choose another folder",
                file.display()
            ),
        }),
    }
}
