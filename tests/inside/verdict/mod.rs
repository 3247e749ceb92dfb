pub use creditcheck::verdict::lattice;

pub mod bounded;
