//! A folder of finished runs, one a line, from which a stopped command goes on.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::common::{Common, read_file};
use super::interrupt::undisturbed;
use crate::error::Error;
use crate::spec::Limits;

/// `runs.jsonl` of a folder, open for more runs.
pub(super) struct Runs<R> {
    /// What is there.
    pub done: Vec<R>,
    file: fs::File,
    name: String,
}

impl<R> Runs<R> {
    /// Makes the folder, or reads the runs that are already there; half a line at the end is what a killed program left.
    ///
    /// # Errors
    /// [`Error::Input`] if the first line is not `header`, and what `read_line` finds; [`Error::Io`].
    pub fn open(
        folder: &Path,
        header: &str,
        limits: &Limits,
        read_line: impl Fn(&str) -> Result<R, Error>,
    ) -> Result<Self, Error> {
        let path = folder.join("runs.jsonl");
        let name = path.display().to_string();
        let failed = |what: &str, error: &std::io::Error| Error::Io {
            what: format!("{name}: cannot {what}: {error}"),
        };
        fs::create_dir_all(folder).map_err(|error| Error::Io {
            what: format!("{}: cannot make this folder: {error}", folder.display()),
        })?;
        let mut done = Vec::new();
        let mut whole = 0;
        if path.exists() {
            let bytes = read_file(&path, limits)?;
            if bytes.len() as u64 > limits.file_bytes {
                // What was not read would be cut off below.
                return Err(Error::Limit {
                    what: format!("bytes of {name}"),
                    given: bytes.len() as u64,
                    limit: limits.file_bytes,
                });
            }
            // Up to the last end of a line.
            whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let text = String::from_utf8_lossy(&bytes[..whole]);
            let mut lines = text.split_inclusive('\n');
            if whole > 0 && lines.next() != Some(header) {
                return Err(Error::Input {
                    place: name,
                    found: "runs of other settings".into(),
                    expected: "runs of the settings asked for".into(),
                    advice: Some(
                        "give the options it was started with, or another folder with --out DIR"
                            .into(),
                    ),
                });
            }
            for (number, line) in lines.enumerate() {
                let run = read_line(line)
                    .map_err(|error| error.in_file(format!("{name}, line {}", number + 2)))?;
                done.push(run);
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = file.map_err(|error| failed("open", &error))?;
        file.set_len(whole as u64).map_err(|error| failed("shorten", &error))?;
        if whole == 0 {
            append(&mut file, header).map_err(|error| failed("write", &error))?;
        }
        Ok(Self { done, file, name })
    }

    /// Writes the line of a finished run whole, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`]
    pub fn push(&mut self, line: &str, run: R) -> Result<(), Error> {
        append(&mut self.file, line)
            .map_err(|error| Error::Io { what: format!("{}: cannot write: {error}", self.name) })?;
        self.done.push(run);
        Ok(())
    }

    /// Says how far an interrupted command came.
    pub fn interrupted(&self, all: usize, common: &Common) {
        if !common.quiet {
            let (done, name) = (self.done.len(), &self.name);
            // Nothing more can be done about a standard error that is closed.
            let _ = writeln!(
                std::io::stderr(),
                "{done} of {all} runs are in {name}; the same command goes on from there"
            );
        }
    }
}

fn append(file: &mut fs::File, line: &str) -> std::io::Result<()> {
    undisturbed(|| {
        file.write_all(line.as_bytes())?;
        file.flush()?;
        file.sync_data()
    })
}
