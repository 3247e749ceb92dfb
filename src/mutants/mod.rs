//! Could these checks have failed? One plain reference implementation with one hook per mutant.

mod backprop;
mod catalogue;
mod credit;
mod functions;
mod hook;
mod layout;
mod reference;

pub use backprop::BackpropRun;
pub use catalogue::{CATALOGUE, Entry, Mutant, Side};
pub use credit::{CreditRun, Credits};
pub use hook::{Fault, Hook, Variant};
pub use reference::Reference;
