//! Ctrl-C and SIGTERM: every command ends within a second, and every file is whole.
//!
//! The work of a command runs in a thread of its own, while the first thread of the process waits for it or for the signal. So nothing
//! has to ask whether it should stop: no engine, no parser, no read from a pipe that nobody writes to. Work that does ask gets a
//! moment to say how far it came. A file is written [`undisturbed`], so the process does not end in the middle of one.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Held while a file is written.
static WRITING: Mutex<()> = Mutex::new(());

/// How soon a signal is heard.
const HEARD_AFTER: Duration = Duration::from_millis(20);

/// How long work that asks may take to end by itself, and a file to be whole. Together they are well below a second.
const GRACE: Duration = Duration::from_millis(350);

/// As much as the first thread of a process has on most systems.
const STACK: usize = 8 << 20;

/// From now on Ctrl-C and SIGTERM end the work; a second one ends the program at once.
///
/// # Errors
/// [`Error::Io`] where the system does not let us.
pub(super) fn watch() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(2);
        }
    })
    .map_err(|error| Error::Io { what: format!("cannot watch for Ctrl-C: {error}") })
}

/// Whether there was a signal.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Does the work of a command; after a signal the thread that does it is left behind, and ends with the program.
///
/// # Errors
/// [`Error::Interrupted`]; those of the work; [`Error::Io`] if no thread is to be had.
pub(super) fn ending_on_signals<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = mpsc::channel();
    let begun = thread::Builder::new().stack_size(STACK).spawn(move || {
        // Nobody listens any more after the grace.
        let _ = sender.send(work());
    });
    let worker =
        begun.map_err(|error| Error::Io { what: format!("cannot begin a thread: {error}") })?;
    let mut heard: Option<Instant> = None;
    loop {
        match receiver.recv_timeout(HEARD_AFTER) {
            Ok(found) => return found,
            Err(RecvTimeoutError::Timeout) => {
                if interrupted() && heard.get_or_insert_with(Instant::now).elapsed() > GRACE {
                    files_are_whole();
                    return Err(Error::Interrupted);
                }
            }
            // It has panicked: so do we, with its message.
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return Err(Error::Interrupted),
            },
        }
    }
}

/// Writes a file, or does anything else that should not be left half done.
pub(super) fn undisturbed<T>(write: impl FnOnce() -> T) -> T {
    // A writer that panicked wrote nothing that is worse than what an error leaves.
    let _whole = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    write()
}

/// Waits for the file that is being written, but not for a device or a pipe that takes nothing.
fn files_are_whole() {
    let since = Instant::now();
    while let Err(TryLockError::WouldBlock) = WRITING.try_lock() {
        if since.elapsed() > GRACE {
            return;
        }
        thread::sleep(HEARD_AFTER);
    }
}
