//! Numbers that are no floats of one format: multiples of a grid, and f32 whose products round their operands first.

mod grid;
#[cfg(feature = "cli")]
mod layouts;
mod products;
