//! Files: read with a limit, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::interrupt::{interrupted, undisturbed};
use crate::error::Error;
use crate::spec::Limits;
use crate::wire::json::Json;
use crate::wire::tensor::Opened;

/// As many links as lead from one to the next on most systems.
const MOST_LINKS: usize = 40;

/// An error of the system, with the name of the file.
fn cannot(what: &str, file: &Path, error: &io::Error) -> Error {
    Error::Io { what: format!("{}: cannot {what}: {error}", file.display()) }
}

/// Writes a file whole or not at all, through a private file beside it that nobody else can guess or open.
///
/// A file that is there keeps its mode; a link stays a link, and what it leads to is replaced; a device or a pipe is written
/// to directly. However it ends, the private file is gone.
///
/// # Errors
/// [`Error::Io`] with the name of the file; [`Error::Interrupted`].
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    // After a signal the old file stays.
    undisturbed(|| match interrupted() {
        true => Err(Error::Interrupted),
        false => written(file, bytes).map_err(|error| cannot("write", file, &error)),
    })
}

/// Writes files into a folder that is there, and says where they are.
///
/// # Errors
/// As [`write_file`].
pub(super) fn write_all<N: AsRef<str>>(
    folder: &Path,
    files: &[(N, String)],
) -> Result<Vec<String>, Error> {
    let write = |(name, text): &(N, String)| {
        let file = folder.join(name.as_ref());
        write_file(&file, text.as_bytes())?;
        Ok(file.display().to_string())
    };
    files.iter().map(write).collect()
}

fn written(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(file) {
        Ok(old) if old.is_dir() => return Err(io::Error::other("it is a folder")),
        Ok(old) if !old.is_file() || is_handle(file) => {
            // What is written there cannot be replaced; a file of an open handle grows at its end.
            return OpenOptions::new().append(true).open(file)?.write_all(bytes);
        }
        Ok(old) => {
            // A file that the user may not write to is not replaced either.
            OpenOptions::new().append(true).open(file)?;
            Some(old)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let target = resolved(file)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut private = private(folder)?;
    private.write_all(bytes)?;
    take_over(private.as_file(), old.as_ref(), folder)?;
    private.as_file().sync_all()?;
    private.persist(&target).map_err(|error| error.error)?;
    // The name is on the disk when its folder is; where a folder cannot be opened, the system does it in its own time.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A new file that only its owner may open; gone when dropped.
fn private(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    fs::metadata(folder)?;
    // 12 characters of 62: more than anybody can try.
    let made = tempfile::Builder::new().prefix(".creditcheck-").rand_bytes(12).tempfile_in(folder);
    // The error would name the private file, which is another each time.
    made.map_err(|error| io::Error::from(error.kind()))
}

/// Whether the name is that of something already open, such as /dev/stdout.
fn is_handle(file: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|handle| file.starts_with(handle))
}

/// Where a link leads in the end, whether anything is there or not; any other file as it is.
fn resolved(file: &Path) -> io::Result<PathBuf> {
    let mut target = file.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            // No link, or nothing there.
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("too many links"))
}

/// The mode of the old file, and its owner where we may give files away; of a new file the mode that files have here.
#[cfg(unix)]
fn take_over(new: &File, old: Option<&fs::Metadata>, folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    const PERMISSIONS: u32 = 0o777;
    const ANY_FILE: u32 = 0o666;
    let mode = match old {
        Some(old) => {
            let own = new.metadata()?;
            if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
                // Only root may; else the file is ours from now on, as an editor's would be.
                let _ = fchown(new, Some(old.uid()), Some(old.gid()));
            }
            old.mode() & PERMISSIONS
        }
        None => {
            // The mask of the process is known only by what it leaves of a mode.
            let mut builder = tempfile::Builder::new();
            builder.prefix(".creditcheck-").permissions(fs::Permissions::from_mode(ANY_FILE));
            builder.tempfile_in(folder)?.as_file().metadata()?.mode() & PERMISSIONS
        }
    };
    new.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn take_over(new: &File, old: Option<&fs::Metadata>, _: &Path) -> io::Result<()> {
    match old {
        Some(old) => new.set_permissions(old.permissions()),
        None => Ok(()),
    }
}

/// Reads a file, but no more of it than the limit; `-` is standard input.
///
/// # Errors
/// [`Error::Io`] with the name of the file; [`Error::Limit`].
pub(super) fn read_file(file: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| cannot("read", file, &error);
    let (limit, mut bytes) = (limits.file_bytes, Vec::new());
    let over = |what: &str, given: u64| {
        let error = Error::Limit { what: what.to_owned(), given, limit };
        error.in_file(file.display().to_string())
    };
    // One byte more than allowed, to see that there is more.
    let most = limit.saturating_add(1);
    if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let mut opened = File::open(file).map_err(failed)?;
        let about = opened.metadata().map_err(failed)?;
        if about.is_file() && about.len() > limit {
            // A model is told that it is one, not that it is too large a case.
            let mut first = [0; 16];
            opened.read_exact(&mut first).map_err(failed)?;
            Json::expect_text(&first).map_err(|error| error.in_file(file.display().to_string()))?;
            return Err(over("bytes in the file", about.len()));
        }
        opened.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    match bytes.len() as u64 {
        read if read > limit => Err(over("bytes, and perhaps more to come", read)),
        _ => Ok(bytes),
    }
}

/// Opens a tensor file that the user names; it is read when somebody asks for a tensor.
///
/// # Errors
/// [`Error::Io`] with the name of the file.
pub(super) fn open(file: &Path) -> Result<Opened, Error> {
    let name = file.display().to_string();
    open_as(file, name.clone()).map_err(|error| cannot("read", file, &error))
}

/// Opens a file that can be read more than once; errors will call it `name`.
fn open_as(file: &Path, name: String) -> io::Result<Opened> {
    // A folder opens without complaint and then refuses to be read; a pipe waits for its writer, and cannot be read twice.
    regular(&fs::metadata(file)?)?;
    let opened = File::open(file)?;
    // It may have been another a moment ago.
    regular(&opened.metadata()?)?;
    Ok(Opened { bytes: Box::new(opened), name })
}

fn regular(about: &fs::Metadata) -> io::Result<()> {
    match (about.is_file(), about.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::Error::other("it is a folder, not a file")),
        _ => Err(io::Error::other("it is a pipe or a device, not a file")),
    }
}

/// How far the names reach that stand in a case.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// Let the case name tensor files outside its own folder
    #[arg(long)]
    allow_outside: bool,
}

impl Reach {
    /// Refuses the option where no file is read that it could be about.
    ///
    /// # Errors
    /// [`Error::Unsupported`]
    pub fn expect_unused(self, without: &str) -> Result<(), Error> {
        match self.allow_outside {
            true => Err(Error::unsupported(format!("--allow-outside without {without}"))),
            false => Ok(()),
        }
    }

    /// Opens a file by the name that stands in a document of `folder`.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that leaves the folder, by itself or through a link; [`Error::Io`]. None shows anything of
    /// what is in the file.
    pub fn open(self, folder: &Path, name: &str) -> Result<Opened, Error> {
        let path = folder.join(name);
        let failed = |error: io::Error| cannot("read", &path, &error);
        let refuse = |found: &str| Error::Input {
            place: "file".into(),
            found: format!("{found}, \"{name}\""),
            expected: "the name of a file in the folder of the case".into(),
            advice: Some(
                "move the file there, or allow the case to name others, with --allow-outside"
                    .into(),
            ),
        };
        if name.is_empty() || name.contains('\0') {
            return Err(Error::input("file", format!("\"{name}\""), "the name of a file"));
        }
        if self.allow_outside {
            return open_as(&path, path.display().to_string()).map_err(failed);
        }
        if is_of_windows(name) {
            return Err(refuse("a path with a drive or with backslashes"));
        }
        let mut steps = Path::new(name).components();
        if !steps.all(|step| matches!(step, Component::Normal(_) | Component::CurDir)) {
            return Err(refuse("a path out of the folder"));
        }
        let home = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let home = fs::canonicalize(home).map_err(failed)?;
        let target = fs::canonicalize(home.join(name)).map_err(failed)?;
        if !target.starts_with(&home) {
            return Err(refuse("a link out of the folder"));
        }
        open_as(&target, path.display().to_string()).map_err(failed)
    }
}

/// `C:\x`, `C:x`, `a\b`: on Windows a place of its own, elsewhere a name; a case shall mean the same everywhere.
fn is_of_windows(name: &str) -> bool {
    name.contains('\\')
        || matches!(name.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic())
}
