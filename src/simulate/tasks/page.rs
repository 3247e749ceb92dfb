//! STUB
use super::table::Table;
/// STUB
#[must_use]
pub fn page(_table: &Table<'_>) -> String {
    String::new()
}
