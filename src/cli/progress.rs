//! Progress bars on a terminal, and Ctrl-C.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::common::Common;
use crate::certify::Progress;
use crate::error::Error;
use crate::foreign::Foreign;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C ends the work at the next stage; a second one ends the program.
pub(super) fn watch_for_interrupts() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(2);
        }
    })
    .map_err(|error| Error::Io { what: format!("cannot watch for Ctrl-C: {error}") })
}

/// Whether Ctrl-C was pressed.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// How soon Ctrl-C is heard by work that does not ask for it.
const HEARD_AFTER: Duration = Duration::from_millis(50);
/// As much as the first thread of a process has on most systems.
const STACK: usize = 8 << 20;

/// A bar over a known number of items, drawn only where somebody can see it.
#[derive(Clone)]
pub(super) struct Bar {
    bar: ProgressBar,
    item: String,
}

impl Bar {
    /// A bar over `items` items; hidden when asked to be quiet, or where standard error is no terminal.
    pub fn new(common: &Common, items: usize) -> Self {
        // indicatif draws to standard error, and only if that is a terminal.
        let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(items as u64) };
        let template = "{bar:24.cyan/dim} {pos}/{len} {msg} {elapsed:.dim}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, item: String::new() }
    }

    /// The next item begins.
    pub fn item(&mut self, name: &str) {
        self.item = Foreign(name).to_string();
        self.bar.set_message(self.item.clone());
    }

    /// The item is done.
    pub fn done(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Does work whose single stages may take long, in a thread of its own, and takes the bar away. Ctrl-C does not wait for the stage
    /// to end: the thread is left behind, and ends with the program.
    ///
    /// # Errors
    /// [`Error::Interrupted`]; those of the work; [`Error::Io`] if no thread is to be had.
    pub fn alone<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let mut own = self.clone();
        let begun = thread::Builder::new().stack_size(STACK).spawn(move || {
            // Nobody listens any more after Ctrl-C.
            let _ = sender.send(work(&mut own));
        });
        let worker =
            begun.map_err(|error| Error::Io { what: format!("cannot begin a thread: {error}") })?;
        let found = loop {
            match receiver.recv_timeout(HEARD_AFTER) {
                Ok(found) => break found,
                Err(RecvTimeoutError::Timeout) if interrupted() => break Err(Error::Interrupted),
                Err(RecvTimeoutError::Timeout) => {}
                // It has panicked: so do we, with its message.
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => resume_unwind(panic),
                    Ok(()) => break Err(Error::Interrupted),
                },
            }
        };
        self.finish();
        found
    }
}

impl Progress for Bar {
    fn stage(&mut self, what: &str) -> Result<(), Error> {
        if interrupted() {
            self.finish();
            return Err(Error::Interrupted);
        }
        let gap = if self.item.is_empty() { "" } else { ": " };
        self.bar.set_message(format!("{}{gap}{}", self.item, Foreign(what)));
        Ok(())
    }
}
