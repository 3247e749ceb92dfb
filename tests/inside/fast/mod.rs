pub use creditcheck::fast::*;

use crate::error::Error;

#[path = "../../../src/fast/layout.rs"]
mod layout;
#[path = "../../../src/fast/product.rs"]
mod product;
mod recurrent;
#[path = "../../../src/fast/wide.rs"]
mod wide;

fn not_finite(what: String) -> Error {
    Error::NotFinite { what }
}
