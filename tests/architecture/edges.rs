//! The table of edges, and the borders that no table may cross.

use std::collections::BTreeSet;

use super::Edges;

/// From each file of textbook, fast, check and certificate, and from each other room, to what it may name.
const TABLE: &str = "
certificate: check::table spec
certificate::digest: certificate spec
certificate::evidence: certificate check::verdict spec
certificate::issue: certificate certificate::digest certificate::evidence certificate::rows certificate::words error spec
certificate::large: certificate certificate::digest certificate::residues certificate::words check::table
certificate::rows: certificate certificate::digest certificate::evidence certificate::words check::blocks check::table spec
certificate::verify: certificate certificate::digest certificate::large certificate::residues certificate::words check::table error number spec
certificate::words: certificate check::table spec
certify: certificate certificate::digest certificate::large certificate::residues certificate::words check::audit check::blocks check::bounded check::bridge check::enclosure check::exact check::freivalds check::judge check::lattice check::locality check::nearness check::power check::table check::temporal check::verdict coq error fast fast::backprop fast::credit fast::layout fast::recurrent fast::temporal fast::temporal::loss fast::temporal::network linalg::crt linalg::field linalg::matrix linalg::product modular::backprop modular::credit modular::exact modular::network modular::position modular::recurrent modular::tangent mutants number progress scalar spec textbook textbook::backprop textbook::credit textbook::equilibrium textbook::firing textbook::interpolate textbook::plasticity textbook::relax textbook::response textbook::tangent textbook::temporal textbook::temporal::feedback textbook::temporal::outcome textbook::view wire
check::blocks: spec
check::audit: check::bounded check::nearness check::power number spec
check::bounded: check::blocks check::enclosure check::entries check::lattice check::verdict error number spec
check::bridge: check::exact check::verdict scalar spec
check::entries: spec
check::exact: check::verdict scalar
check::freivalds: check::bounded check::entries check::verdict number spec
check::judge: check::bounded check::power number spec
check::power: check::nearness
check::lattice: check::entries check::verdict number spec
check::locality: check::verdict spec
check::table: check::verdict
check::temporal: check::temporal::parts spec
check::temporal::parts: check::temporal spec
cli: certificate certificate::large certificate::verify certify check::nearness check::table coq error foreign modular::exact mutants number paragraph progress report simulate spec suite vectors wire
coq: certificate certificate::digest error spec
equilibrium: error number spec
error: foreign
fast: error number spec
fast::backprop: error fast fast::layout fast::network fast::product fast::wide spec
fast::credit: error fast fast::layout fast::network fast::product fast::relax fast::wide spec
fast::elementary: fast
fast::layout: error fast
fast::network: error fast fast::layout spec
fast::product: error fast fast::layout
fast::recurrent: error fast fast::credit fast::layout fast::network fast::product fast::solve spec
fast::relax: error fast fast::credit fast::layout fast::network fast::product spec
fast::solve: error fast fast::layout fast::product
fast::temporal: error fast fast::layout fast::temporal::adjoint fast::temporal::bptt fast::temporal::causal fast::temporal::network fast::temporal::plan fast::temporal::rtrl fast::temporal::stream fast::temporal::typed spec
fast::temporal::adjoint: error fast fast::layout fast::product fast::temporal::columns fast::temporal::loss fast::temporal::network fast::temporal::passes fast::temporal::plan fast::wide spec
fast::temporal::bptt: error fast fast::backprop fast::layout fast::network fast::product fast::temporal::columns fast::temporal::loss fast::temporal::network fast::wide spec
fast::temporal::causal: error fast fast::layout fast::product fast::temporal::columns fast::temporal::network fast::temporal::passes fast::temporal::plan fast::temporal::stream fast::wide
fast::temporal::columns: fast fast::layout
fast::temporal::loss: fast
fast::temporal::network: error fast fast::network spec
fast::temporal::passes: fast fast::credit fast::network fast::wide spec
fast::temporal::plan: error fast fast::layout fast::temporal::columns fast::temporal::network spec
fast::temporal::rtrl: error fast fast::layout fast::product fast::temporal::columns fast::temporal::network fast::temporal::stream fast::wide
fast::temporal::stream: error fast fast::layout fast::product fast::temporal::columns fast::temporal::loss fast::temporal::network fast::temporal::passes fast::wide spec
fast::temporal::typed: error fast fast::layout fast::product fast::temporal::columns fast::temporal::network fast::temporal::plan fast::temporal::stream fast::wide
fast::wide: fast
linalg::crt: linalg::field linalg::lanes number spec
linalg::lifting: error linalg::field linalg::lanes linalg::matrix linalg::product spec
linalg::matrix: error
linalg::product: error linalg::field linalg::lanes linalg::matrix
main: cli
modular::backprop: error linalg::field linalg::lanes linalg::matrix linalg::product modular::network modular::position spec
modular::credit: error linalg::field linalg::lanes linalg::matrix linalg::product modular::network modular::position spec
modular::dyadic: error linalg::field linalg::lanes linalg::matrix modular::network spec
modular::exact: error linalg::crt linalg::field linalg::lanes linalg::matrix linalg::product modular::backprop modular::credit modular::dyadic modular::network modular::position number spec
modular::network: error linalg::field spec
modular::recurrent: equilibrium error linalg::lifting spec
modular::tangent: error linalg::field linalg::matrix linalg::product modular::network modular::position spec
mutants: check::bridge check::exact check::locality check::verdict error paragraph scalar spec textbook textbook::equilibrium textbook::plasticity textbook::temporal textbook::temporal::outcome textbook::view wire
number: error spec
paragraph: foreign
progress: error
report: certificate::large certificate::verify certificate::words certify check::audit check::blocks check::judge check::nearness check::table check::temporal check::verdict error foreign number paragraph simulate spec textbook::temporal::outcome wire
scalar: number spec
simulate: error fast fast::backprop fast::layout fast::network fast::temporal fast::temporal::loss fast::temporal::network foreign number progress spec
spec: error foreign
suite: error fast::credit fast::network progress simulate spec wire
textbook: error scalar spec
textbook::backprop: error scalar spec textbook
textbook::credit: error scalar spec textbook textbook::equilibrium textbook::plasticity textbook::view
textbook::directions: error scalar spec
textbook::elimination: error scalar spec textbook
textbook::equilibrium: equilibrium error scalar spec textbook textbook::elimination textbook::firing
textbook::firing: error scalar spec textbook
textbook::interpolate: error scalar spec textbook textbook::equilibrium textbook::firing
textbook::plasticity: scalar spec textbook::view
textbook::relax: scalar spec textbook::view
textbook::response: error scalar spec textbook textbook::directions textbook::elimination textbook::equilibrium textbook::firing
textbook::tangent: error scalar spec textbook textbook::directions textbook::firing textbook::response
textbook::temporal: error scalar spec textbook::temporal::bptt textbook::temporal::eprop textbook::temporal::factorised textbook::temporal::mdgl textbook::temporal::modprop textbook::temporal::rtrl textbook::temporal::tangent
textbook::temporal::bptt: error scalar spec textbook textbook::backprop textbook::temporal::outcome textbook::temporal::parameters
textbook::temporal::eprop: error scalar spec textbook::temporal::local textbook::temporal::outcome textbook::temporal::parameters
textbook::temporal::factorised: error scalar spec textbook textbook::temporal::local textbook::temporal::outcome
textbook::temporal::feedback: error scalar spec textbook
textbook::temporal::firing: error scalar spec textbook textbook::firing textbook::temporal::parameters
textbook::temporal::local: error scalar spec textbook textbook::credit textbook::temporal::firing textbook::temporal::outcome textbook::temporal::parameters
textbook::temporal::mdgl: error scalar spec textbook::temporal::feedback textbook::temporal::local textbook::temporal::outcome
textbook::temporal::modprop: error scalar spec textbook textbook::temporal::feedback textbook::temporal::local textbook::temporal::outcome textbook::temporal::parameters
textbook::temporal::outcome: spec
textbook::temporal::parameters: error scalar spec textbook
textbook::temporal::rtrl: error scalar spec textbook textbook::temporal::local textbook::temporal::outcome textbook::temporal::parameters
textbook::temporal::tangent: error scalar spec textbook textbook::temporal::firing textbook::temporal::parameters
textbook::view: scalar spec
vectors: certify check::bridge check::enclosure error mutants number scalar spec textbook::tangent textbook::temporal textbook::temporal::outcome wire
wire: certificate certificate::digest certificate::large certificate::verify certificate::words check::table error foreign number spec
";

pub(super) fn table() -> Edges {
    let lines = TABLE.lines().filter_map(|line| line.split_once(": "));
    let words = |to: &str| to.split_whitespace().map(str::to_owned).collect();
    lines.map(|(from, to)| (from.trim().to_owned(), words(to))).collect()
}

/// What stands on one side only.
pub(super) fn differences(found: &Edges, table: &Edges) -> Vec<String> {
    let flat = |edges: &Edges| -> BTreeSet<(String, String)> {
        edges.iter().flat_map(|(f, to)| to.iter().map(|t| (f.clone(), t.clone()))).collect()
    };
    let (found, table) = (flat(found), flat(table));
    let line = |what: &str, (from, to): &(String, String)| format!("{what}: {from} -> {to}");
    let mut lines: Vec<_> =
        found.difference(&table).map(|edge| line("not allowed", edge)).collect();
    lines.extend(table.difference(&found).map(|edge| line("no longer there", edge)));
    lines
}

/// Whoever is within the first must not reach, through others either, what is within the second.
const BORDERS: [(&str, &str); 62] = [
    // Credit rule ⟂ backpropagation, exact and fast; the arbiters stand apart from both.
    ("textbook::credit", "textbook::backprop"),
    ("textbook::backprop", "textbook::"),
    ("textbook::relax", "textbook::credit"),
    ("textbook::relax", "textbook::firing"),
    ("textbook::relax", "textbook::backprop"),
    ("textbook::tangent", "textbook::credit"),
    ("textbook::tangent", "textbook::backprop"),
    ("textbook::tangent", "textbook::plasticity"),
    ("textbook::response", "textbook::credit"),
    ("textbook::equilibrium", "textbook::credit"),
    ("textbook::elimination", "textbook::credit"),
    ("textbook::interpolate", "textbook::tangent"),
    ("textbook::interpolate", "textbook::credit"),
    ("textbook::interpolate", "textbook::backprop"),
    // In time: BPTT ⟂ the rules that run forwards, and the tangent apart from both.
    ("textbook::temporal::bptt", "textbook::credit"),
    ("textbook::temporal::bptt", "textbook::temporal::firing"),
    ("textbook::temporal::bptt", "textbook::temporal::local"),
    ("textbook::temporal::local", "textbook::backprop"),
    ("textbook::temporal::local", "textbook::temporal::bptt"),
    ("textbook::temporal::rtrl", "textbook::temporal::factorised"),
    ("textbook::temporal::modprop", "textbook::temporal::factorised"),
    ("textbook::temporal::mdgl", "textbook::temporal::modprop"),
    ("textbook::temporal::tangent", "textbook::temporal::local"),
    ("textbook::temporal::tangent", "textbook::backprop"),
    ("textbook::temporal::tangent", "textbook::credit"),
    ("fast::credit", "fast::backprop"),
    ("fast::backprop", "fast::credit"),
    ("fast::backprop", "fast::relax"),
    ("fast::relax", "fast::backprop"),
    ("fast::recurrent", "fast::backprop"),
    ("fast::backprop", "fast::recurrent"),
    // BPTT in floats ⟂ the rules that assign credit locally, and RTRL ⟂ what they put in place of W.
    ("fast::temporal::bptt", "fast::credit"),
    ("fast::temporal::bptt", "fast::temporal::passes"),
    ("fast::temporal::bptt", "fast::temporal::stream"),
    ("fast::temporal::bptt", "fast::temporal::adjoint"),
    ("fast::temporal::stream", "fast::backprop"),
    ("fast::temporal::stream", "fast::temporal::bptt"),
    ("fast::temporal::adjoint", "fast::backprop"),
    ("fast::temporal::adjoint", "fast::temporal::causal"),
    ("fast::temporal::causal", "fast::temporal::adjoint"),
    ("fast::temporal::rtrl", "fast::temporal::plan"),
    ("fast::temporal::rtrl", "fast::backprop"),
    // Exact ⟂ fast: no shared arithmetic.
    ("textbook", "fast"),
    ("scalar", "fast"),
    ("fast", "textbook"),
    ("fast", "scalar"),
    // Both again, at scale; and the exact side shares no arithmetic with floats nor with the textbook.
    ("modular::credit", "modular::backprop"),
    ("modular::backprop", "modular::credit"),
    ("modular::tangent", "modular::credit"),
    ("modular::tangent", "modular::backprop"),
    ("modular::recurrent", "modular::backprop"),
    ("modular", "fast"),
    ("linalg", "modular"),
    ("linalg", "fast"),
    ("linalg", "textbook"),
    ("fast", "linalg"),
    ("modular", "textbook"),
    ("fast", "modular"),
    // The specification computes nothing.
    ("spec", "scalar"),
    // The verifier substitutes: neither an engine nor the number kernel.
    ("certificate", "scalar"),
    ("certificate::verify", "textbook"),
    ("certificate::verify", "fast"),
];

/// Engines, and whoever runs them.
const ENGINES: [&str; 9] =
    ["textbook", "fast", "linalg", "modular", "mutants", "certify", "vectors", "suite", "simulate"];

/// Every way over a border, through others too.
pub(super) fn crossings(edges: &Edges) -> Vec<String> {
    let mut found = Vec::new();
    // Comparisons and certificates call no engine at all.
    let rooms = ["check", "certificate", "coq", "wire", "spec", "scalar", "number", "error"];
    let no_engine = rooms.iter().flat_map(|room| ENGINES.iter().map(move |e| (*room, *e)));
    for (from, to) in BORDERS.into_iter().chain(no_engine) {
        for start in edges.keys().filter(|unit| is_within(unit, from)) {
            for end in reached(edges, start) {
                if is_within(&end, to) && !is_within(&end, from) {
                    found.push(format!("{start} reaches {end}"));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `to` may be a room, a file, or with `::` at its end all files of a room but not its head.
fn is_within(unit: &str, of: &str) -> bool {
    match of.strip_suffix("::") {
        Some(_) => unit.starts_with(of),
        None => unit == of || unit.strip_prefix(of).is_some_and(|rest| rest.starts_with("::")),
    }
}

fn reached(edges: &Edges, start: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(unit) = open.pop() {
        for next in edges.get(&unit).into_iter().flatten() {
            if seen.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    seen
}
