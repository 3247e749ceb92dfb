//! Tier S on the listed shapes: identities for all values and every activation at once.

use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::Limits;
use creditcheck::verdict::{Claim, Tier, Verdict};
use creditcheck::wire::Document;

/// A layered case of these widths; only its shape matters to tier S.
fn layered(widths: &[usize]) -> String {
    let row = |len: usize, first: usize| {
        let entries: Vec<_> = (0..len).map(|k| format!("\"{}/4\"", first + k)).collect();
        format!("[{}]", entries.join(", "))
    };
    let layers: Vec<_> = widths
        .windows(2)
        .map(|pair| {
            let rows: Vec<_> = (0..pair[1]).map(|post| row(pair[0], 2 * post + 1)).collect();
            let biases = row(pair[1], 3);
            format!(
                r#"{{"weights": [{}], "biases": {biases}, "activation": "quadratic"}}"#,
                rows.join(", ")
            )
        })
        .collect();
    let example = |first: usize| {
        let target = row(widths[widths.len() - 1], first + 5);
        format!(r#"{{"input": {}, "target": {target}}}"#, row(widths[0], first))
    };
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{}]}},
            "loss": "half_squared_error", "learning_rate": "1/2", "examples": [{}, {}]}}"#,
        layers.join(", "),
        example(1),
        example(2)
    )
}

/// 0 and 1 are inputs; 0 → 2 → 3 → 4 with the skips 0 → 3, 0 → 4 and 2 → 4.
const SKIPS: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 5,
    "inputs": [0, 1], "outputs": [4], "activation": "quadratic", "biases": [0, 0, 1, "1/2", 1],
    "synapses": [[2, 0, 1], [2, 1, "1/2"], [3, 2, 2], [3, 0, "-1/2"], [4, 3, 1], [4, 0, 3], [4, 2, "1/4"]]},
    "loss": "half_squared_error", "learning_rate": "1/2",
    "examples": [{"input": [1, 2], "target": [1]}, {"input": ["1/2", 3], "target": [0]}]}"#;

#[test]
fn the_listed_shapes_are_polynomial_identities() {
    let shapes: [&[usize]; 5] = [&[2, 2, 1], &[2, 2, 2], &[2, 3, 2], &[2, 2, 2, 2], &[1, 2, 3]];
    let cases = shapes.map(layered).into_iter().chain([SKIPS.to_owned()]);
    let mut checked = 0;
    for text in cases {
        let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
        let table = certify(&document, &Options::default(), &mut Silent).unwrap().table;
        for claim in [Claim::Credit, Claim::Update] {
            let cell = table.cell(claim, Tier::Symbolic).unwrap();
            let Some(Verdict::Agree(compared)) = cell.verdict() else {
                panic!("{}: {cell:?}", claim.id());
            };
            assert_eq!(
                compared.entries, compared.nonzero,
                "a polynomial that vanishes checks nothing"
            );
            checked += compared.entries;
        }
    }
    assert!(checked > 100, "{checked} identities");
}
