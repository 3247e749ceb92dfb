//! Who watches long work, and may end it.

use crate::error::Error;

/// Told what is going on, and asked whether to go on.
pub trait Progress {
    /// A new stage begins.
    ///
    /// # Errors
    /// [`Error::Interrupted`] to stop.
    fn stage(&mut self, what: &str) -> Result<(), Error>;
}

/// Nobody is watching.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&mut self, _what: &str) -> Result<(), Error> {
        Ok(())
    }
}
