//! Progress bars on a terminal.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::common::Common;
use super::interrupt::interrupted;
use crate::error::Error;
use crate::foreign::Foreign;
use crate::progress::Progress;

/// The bar that is drawn, for whoever ends the program while it is.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Takes the bar away, if there is one.
pub(super) fn clear() {
    if let Some(bar) = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}

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
        *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
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

    /// Does work under the bar, and takes the bar away.
    ///
    /// # Errors
    /// Those of the work.
    pub fn alone<T>(
        mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = work(&mut self);
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
