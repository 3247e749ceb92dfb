#[path = "../../../../src/verdict/bounded/dyadic.rs"]
mod dyadic;
#[path = "../../../../src/verdict/bounded/recurrent/majorant.rs"]
mod majorant;
#[path = "../../../../src/verdict/bounded/up.rs"]
pub mod up;
