#[path = "../../../../src/check/bounded/dyadic.rs"]
mod dyadic;
#[path = "../../../../src/check/bounded/recurrent/majorant.rs"]
mod majorant;
#[path = "../../../../src/check/bounded/up.rs"]
pub mod up;
