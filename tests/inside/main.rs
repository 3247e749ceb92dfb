//! What only a room itself can see: the files whose private parts have tests of their own are compiled again here, alone,
//! with those tests. Everything else that they name is the library's, which is thereby compiled once.
#![allow(missing_docs, dead_code, unused_imports, unreachable_pub)]

mod error {
    pub use creditcheck::error::*;
}
mod number {
    pub use creditcheck::number::*;
}
mod spec {
    pub use creditcheck::spec::*;
}
mod certificate {
    pub use creditcheck::certificate::*;
}
#[path = "../../src/coq/mod.rs"]
mod coq;
#[cfg(feature = "cli")]
#[path = "../../src/report/decimal.rs"]
mod decimal;
#[path = "../../src/equilibrium.rs"]
mod equilibrium;
#[cfg(feature = "fast")]
mod fast;
#[cfg(feature = "cli")]
#[path = "../../src/report/layout.rs"]
mod layout;
#[cfg(feature = "fast")]
#[path = "../../src/linalg/mod.rs"]
mod linalg;
#[cfg(feature = "fast")]
#[path = "../../src/modular/mod.rs"]
mod modular;
mod verdict;
mod paragraph {
    pub use creditcheck::paragraph::*;
}
#[cfg(feature = "cli")]
#[path = "../../src/wire/tensor/natural.rs"]
mod natural;
