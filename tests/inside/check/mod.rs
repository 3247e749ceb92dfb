pub use creditcheck::check::lattice;

pub mod bounded;
