//! How sentences are put together from what a table says.

/// "1 seed", "2 seeds".
pub(in crate::simulate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// For each head that has items, the head and its items, with `between` between them; items that have no head are not said.
pub(in crate::simulate) fn under_heads<H: PartialEq>(
    heads: impl IntoIterator<Item = (H, String)>,
    items: &[(H, String)],
    between: &str,
) -> Vec<String> {
    let said = |(kind, head): (H, String)| {
        let own = items.iter().filter(|(found, _)| *found == kind);
        let own: Vec<&str> = own.map(|(_, words)| words.as_str()).collect();
        (!own.is_empty()).then(|| head + &own.join(between))
    };
    heads.into_iter().filter_map(said).collect()
}

/// A sentence of clauses, `…` in the frame; nothing without clauses.
pub(in crate::simulate) fn sentence(frame: &str, clauses: &[String]) -> Option<String> {
    (!clauses.is_empty()).then(|| frame.replace('…', &clauses.join("; ")))
}
