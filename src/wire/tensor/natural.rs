//! The order of names.

use std::cmp::Ordering;

/// Sorts names in the order in which people count: `fc2` before `fc10`. Each is taken apart once.
pub(super) fn in_natural_order(names: &mut Vec<String>) {
    let all = std::mem::take(names);
    let mut apart: Vec<_> = all.iter().map(|name| parts(name)).zip(0..).collect();
    apart.sort_by(|(a, _), (b, _)| natural(a, b));
    let order: Vec<usize> = apart.into_iter().map(|(_, place)| place).collect();
    let mut all: Vec<_> = all.into_iter().map(Some).collect();
    names.extend(order.into_iter().filter_map(|place| all[place].take()));
}

fn natural(a: &[&str], b: &[&str]) -> Ordering {
    let (mut a, mut b) = (a.iter().copied(), b.iter().copied());
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
    use super::in_natural_order;

    #[test]
    fn numbers_within_names_are_numbers() {
        let names = ["fc10.weight", "fc2.weight", "fc2.bias", "a", "fc", "fc2", "fc02"];
        let mut names = names.map(str::to_owned).to_vec();
        in_natural_order(&mut names);
        let order = ["a", "fc", "fc02", "fc2", "fc2.bias", "fc2.weight", "fc10.weight"];
        assert_eq!(names, order);
    }
}
