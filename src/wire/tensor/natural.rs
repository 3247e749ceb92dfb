//! The order of names.

use std::cmp::Ordering;

/// Names in the order in which people count: `fc2` before `fc10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (parts(a).into_iter(), parts(b).into_iter());
    loop {
        return match (a.next(), b.next()) {
            (Some(a), Some(b)) => match number(a).zip(number(b)) {
                Some((m, n)) if m != n => m.cmp(&n),
                // 01 and 1 count the same; the text decides, so that the order is total.
                _ if a == b => continue,
                _ => a.cmp(b),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
    }
}

/// A run of digits by its value, however long: how many digits count, then which.
fn number(part: &str) -> Option<(usize, &str)> {
    let digits = part.trim_start_matches('0');
    part.bytes().all(|byte| byte.is_ascii_digit()).then_some((digits.len(), digits))
}

/// A name in runs of digits and runs of anything else.
fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let other = |c: char| c.is_ascii_digit() != first.is_ascii_digit();
        let (part, after) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_within_names_are_numbers() {
        let mut names = ["fc10.weight", "fc2.weight", "fc2.bias", "a", "fc", "fc2", "fc02"];
        names.sort_by(|a, b| natural(a, b));
        let order = ["a", "fc", "fc02", "fc2", "fc2.bias", "fc2.weight", "fc10.weight"];
        assert_eq!(names, order);
    }
}
