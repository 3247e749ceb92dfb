//! Progress bars on a terminal, and Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::common::Common;
use crate::certify::Progress;
use crate::error::Error;

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

/// A bar over a known number of items, drawn only where somebody can see it.
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
        name.clone_into(&mut self.item);
        self.bar.set_message(name.to_owned());
    }

    /// The item is done.
    pub fn done(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn stage(&mut self, what: &str) -> Result<(), Error> {
        if interrupted() {
            self.finish();
            return Err(Error::Interrupted);
        }
        let gap = if self.item.is_empty() { "" } else { ": " };
        self.bar.set_message(format!("{}{gap}{what}", self.item));
        Ok(())
    }
}
