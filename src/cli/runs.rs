//! A folder of finished runs, one a line, from which a stopped command goes on.
//!
//! Every line but the first is a JSON object whose last field is `"checksum":"sha256:…"`, of the line as it is without that field.
//! Lines without one were written by earlier versions: they are read, counted, and the results say so.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::common::Common;
use super::interrupt::undisturbed;
use crate::error::Error;
use crate::foreign::Foreign;
use crate::spec::Limits;
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;
use crate::wire::sha256;

/// What stands before the checksum of a line, and after it.
const BEFORE: &str = ",\"checksum\":\"";
const AFTER: &str = "\"}\n";

/// `runs.jsonl` of a folder, open for more runs and closed to every other process.
pub(super) struct Runs<R> {
    /// What is there.
    pub done: Vec<R>,
    /// How many of them have no checksum.
    unsealed: usize,
    file: File,
    name: String,
}

impl<R> Runs<R> {
    /// Makes the folder, or reads the runs that are already there; half a line at the end is what a killed program left.
    ///
    /// # Errors
    /// [`Error::Input`] for a file that is not ours or has other settings, for a line that is not as it was written, and what
    /// `read_line` finds; [`Error::Io`], also where another process is at work in the folder. The file is then as it was.
    pub fn open(
        folder: &Path,
        header: &str,
        limits: &Limits,
        read_line: impl Fn(&str) -> Result<R, Error>,
    ) -> Result<Self, Error> {
        let path = folder.join("runs.jsonl");
        let name = path.display().to_string();
        fs::create_dir_all(folder).map_err(|error| Error::Io {
            what: format!("{}: cannot make this folder: {error}", folder.display()),
        })?;
        let mut file = locked(&path, &name)?;
        let bytes = contents(&mut file, limits, &name)?;
        let whole = lines_of_ours(&bytes, header, limits, &name)?;
        let (mut done, mut unsealed) = (Vec::new(), 0);
        for (number, line) in whole.split_inclusive('\n').enumerate().skip(1) {
            let of_line = |error: Error| error.in_file(format!("{name}, line {}", number + 1));
            let (text, sealed) = opened(line).map_err(of_line)?;
            unsealed += usize::from(!sealed);
            done.push(read_line(&text).map_err(of_line)?);
        }
        let failed = |what: &str, error: &io::Error| Error::Io {
            what: format!("{name}: cannot {what}: {error}"),
        };
        if whole.len() < bytes.len() {
            file.set_len(whole.len() as u64).map_err(|error| failed("shorten", &error))?;
        }
        if whole.is_empty() {
            append(&mut file, header).map_err(|error| failed("write", &error))?;
        }
        Ok(Self { done, unsealed, file, name })
    }

    /// Writes the line of a finished run whole, with its checksum, and waits until it is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`]
    pub fn push(&mut self, line: &str, run: R) -> Result<(), Error> {
        append(&mut self.file, &sealed(line))
            .map_err(|error| Error::Io { what: format!("{}: cannot write: {error}", self.name) })?;
        self.done.push(run);
        Ok(())
    }

    /// The runs, and how many of them have no checksum.
    pub fn finished(self) -> (Vec<R>, Unsealed) {
        let Self { done, unsealed, name, .. } = self;
        let of = done.len();
        (done, Unsealed { count: unsealed, of, name })
    }

    /// Says how far an interrupted command came.
    pub fn interrupted(&self, all: usize, common: &Common) {
        let (done, name) = (self.done.len(), Foreign(&self.name));
        common.note(&format!(
            "{done} of {all} runs are in {name}; the same command goes on from there"
        ));
    }
}

/// Runs that an earlier version wrote: nothing says that they are as it wrote them.
pub(super) struct Unsealed {
    count: usize,
    of: usize,
    name: String,
}

impl Unsealed {
    /// A text, with a sentence about such runs if there are any.
    pub fn mark_text(&self, mut text: String) -> String {
        if self.count > 0 {
            let Self { count, of, name } = self;
            text.push_str(&format!(
                "\n{count} of the {of} runs in {} have no checksum: an earlier version wrote them\n",
                Foreign(name)
            ));
        }
        text
    }

    /// A document, with their number if there are any.
    pub fn mark(&self, document: Json) -> Json {
        match document {
            Json::Object(mut fields) if self.count > 0 => {
                fields.push(("runs_without_checksum".into(), Json::count(self.count)));
                Json::Object(fields)
            }
            document => document,
        }
    }
}

/// The file, made if it is not there, and locked until it is closed.
fn locked(path: &Path, name: &str) -> Result<File, Error> {
    let failed = |error: io::Error| Error::Io { what: format!("{name}: cannot open: {error}") };
    // A pipe would wait for its other end.
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(failed(io::Error::other("it is not a file")));
    }
    let file = OpenOptions::new().create(true).read(true).append(true).open(path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Io {
            what: format!(
                "{name}: another creditcheck is at work in this folder; wait for it, or give another folder with --out DIR"
            ),
        }),
        // Some networks have no locks: there the user has to see to it alone.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// All of the file: what was not read would be cut off.
fn contents(file: &mut File, limits: &Limits, name: &str) -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| Error::Io { what: format!("{name}: cannot read: {error}") };
    let given = file.metadata().map_err(failed)?.len();
    let limit = limits.file_bytes;
    if given > limit {
        return Err(Error::Limit { what: format!("bytes of {name}"), given, limit });
    }
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// The whole lines of a file that begins with our header; all of it is refused otherwise, so that nothing of anybody's is cut.
fn lines_of_ours<'a>(
    bytes: &'a [u8],
    header: &str,
    limits: &Limits,
    name: &str,
) -> Result<&'a str, Error> {
    let refuse = |found: &str, advice: &str| Error::Input {
        place: name.to_owned(),
        found: found.into(),
        expected: "runs of the settings asked for".into(),
        advice: Some(advice.into()),
    };
    // Not even the header is whole: a program that was killed at once, or not ours.
    if header.as_bytes().starts_with(bytes) && bytes.len() < header.len() {
        return Ok("");
    }
    if !bytes.starts_with(header.as_bytes()) {
        let found = format_of(bytes, limits);
        let is_ours = found.is_some() && found == format_of(header.as_bytes(), limits);
        return Err(match is_ours {
            true => refuse(
                "runs of other settings",
                "give the options it was started with, or another folder with --out DIR",
            ),
            false => refuse(
                "a file that this command did not write",
                "it is left as it is; give another folder with --out DIR",
            ),
        });
    }
    // Up to the last end of a line.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    std::str::from_utf8(&bytes[..whole]).map_err(|error| {
        let before = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        let error = Error::input("the line", "bytes that are no text", "a run as it was written");
        error.in_file(format!("{name}, line {}", before + 1))
    })
}

/// What the first line of a file calls itself.
fn format_of(bytes: &[u8], limits: &Limits) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let json = Json::read(&bytes[..end], limits).ok()?;
    let format = Cursor::root(&json, limits).field("format")?;
    format.text().ok().map(str::to_owned)
}

/// A line with its checksum.
fn sealed(line: &str) -> String {
    let text = line.strip_suffix("}\n").unwrap_or(line);
    format!("{text}{BEFORE}{}{AFTER}", sha256(format!("{text}}}").as_bytes()))
}

/// A line without its checksum, and whether it had one.
fn opened(line: &str) -> Result<(String, bool), Error> {
    let Some((text, checksum)) = line
        .strip_suffix(AFTER)
        .and_then(|rest| rest.rsplit_once(BEFORE))
        .filter(|(_, checksum)| checksum.starts_with("sha256:"))
    else {
        return Ok((line.to_owned(), false));
    };
    let text = format!("{text}}}");
    let found = sha256(text.as_bytes());
    if found == checksum {
        return Ok((text + "\n", true));
    }
    Err(Error::Input {
        place: "checksum".into(),
        found: format!("\"{checksum}\""),
        expected: format!("\"{found}\", that of the line"),
        advice: Some(
            "the line is not as it was written; take it out, and the run is done again".into(),
        ),
    })
}

fn append(file: &mut File, line: &str) -> io::Result<()> {
    undisturbed(|| {
        file.write_all(line.as_bytes())?;
        file.flush()?;
        file.sync_data()
    })
}
