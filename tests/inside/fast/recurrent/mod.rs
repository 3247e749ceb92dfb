#[path = "../../../../src/fast/recurrent/fixed_point.rs"]
mod fixed_point;
#[path = "../../../../src/fast/recurrent/size.rs"]
mod size;
