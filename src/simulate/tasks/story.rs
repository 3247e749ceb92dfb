//! STUB
use super::table::Table;
/// STUB
#[must_use]
pub fn sentences(_table: &Table<'_>) -> Vec<String> {
    Vec::new()
}
