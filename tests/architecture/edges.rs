//! The table of edges, and the borders that no table may cross.

use std::collections::BTreeSet;

use super::Edges;

/// From each file of textbook, fast, verdict and certificate, and from each other room, to what it may name.
const TABLE: &str = "
certificate: spec verdict::table
certificate::digest: certificate spec
certificate::evidence: certificate spec verdict::compared
certificate::external: spec
certificate::issue: certificate certificate::digest certificate::evidence certificate::rows certificate::words error spec
certificate::large: certificate certificate::digest certificate::residues certificate::words verdict::table
certificate::rows: certificate certificate::digest certificate::evidence certificate::external certificate::words spec verdict::blocks verdict::table
certificate::verify: certificate certificate::digest certificate::external certificate::large certificate::residues certificate::words error number spec verdict::table
certificate::words: certificate spec verdict::table
certify: certificate certificate::digest certificate::large certificate::residues certificate::words coq equilibrium error fast fast::backprop fast::credit fast::feedback_alignment fast::layout fast::recurrent fast::stack fast::temporal fast::temporal::loss fast::temporal::network linalg::crt linalg::field linalg::matrix linalg::product modular::backprop modular::credit modular::exact modular::network modular::position modular::recurrent modular::tangent mutants number progress scalar spec textbook textbook::backprop textbook::credit textbook::equilibrium textbook::feedback_alignment textbook::firing textbook::interpolate textbook::loss textbook::plasticity textbook::relax textbook::response textbook::stack textbook::tangent textbook::temporal textbook::temporal::feedback textbook::temporal::outcome textbook::view verdict::blocks verdict::bounded verdict::bridge verdict::compared verdict::enclosure verdict::evidence verdict::exact verdict::factor verdict::freivalds verdict::judge verdict::lattice verdict::locality verdict::nearness verdict::plausible verdict::power verdict::reading verdict::rearranged verdict::scaled verdict::table verdict::temporal verdict::walk wire
fast::stack: error fast fast::backprop fast::network spec
textbook::stack: error scalar spec textbook::stack::bptt textbook::stack::rtrl textbook::stack::tangent
textbook::stack::bptt: error scalar spec textbook textbook::backprop textbook::stack::parameters
textbook::stack::firing: error scalar spec textbook textbook::firing textbook::stack::parameters
textbook::stack::parameters: error scalar spec textbook
textbook::stack::rtrl: error scalar spec textbook textbook::credit textbook::stack::firing textbook::stack::parameters
textbook::stack::tangent: error scalar spec textbook::stack::firing textbook::stack::parameters
verdict::blocks: spec
verdict::bounded: error number spec verdict::blocks verdict::compared verdict::enclosure verdict::entries verdict::lattice
verdict::bridge: scalar spec verdict::compared verdict::exact
verdict::direction: number
verdict::entries: spec
verdict::exact: scalar verdict::compared
verdict::factor: number spec verdict::evidence verdict::ulps verdict::walk
verdict::freivalds: number spec verdict::bounded verdict::compared verdict::entries
verdict::judge: number spec verdict::evidence verdict::factor verdict::plausible verdict::power verdict::walk
verdict::plausible: error number spec verdict::bounded
verdict::point: verdict::nearness
verdict::power: verdict::nearness
verdict::lattice: number spec verdict::compared verdict::entries
verdict::locality: spec verdict::compared
verdict::reading: number spec verdict::evidence verdict::factor
verdict::rearranged: number spec verdict::evidence verdict::factor verdict::walk
verdict::scaled: number spec verdict::bounded verdict::ulps verdict::walk
verdict::table: verdict::compared
verdict::temporal: spec verdict::temporal::parts
verdict::temporal::parts: spec verdict::temporal
verdict::ulps: number spec
verdict::whole: verdict::direction verdict::walk
verdict::walk: number spec verdict::bounded verdict::direction verdict::nearness verdict::point verdict::power verdict::ulps
cli: certificate certificate::verify certify coq error foreign kinds mutants number paragraph progress report simulate spec suite vectors verdict::judge verdict::table verdict::walk wire
coq: certificate certificate::digest error spec
equilibrium: error number spec
error: foreign
fast: error number spec
fast::backprop: error fast fast::layout fast::network fast::product fast::wide spec
fast::credit: error fast fast::layout fast::network fast::product fast::relax fast::wide spec
fast::elementary: fast
fast::feedback_alignment: error fast fast::credit fast::layout fast::network fast::product spec
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
fast::temporal::loss: fast spec
fast::temporal::network: error fast fast::network spec
fast::temporal::passes: fast fast::credit fast::network fast::wide spec
fast::temporal::plan: error fast fast::layout fast::temporal::columns fast::temporal::network spec
fast::temporal::rtrl: error fast fast::layout fast::product fast::temporal::columns fast::temporal::network fast::temporal::stream fast::wide
fast::temporal::stream: error fast fast::layout fast::product fast::temporal::columns fast::temporal::loss fast::temporal::network fast::temporal::passes fast::wide spec
fast::temporal::typed: error fast fast::layout fast::product fast::temporal::columns fast::temporal::network fast::temporal::plan fast::temporal::stream fast::wide
fast::wide: fast
kinds: certificate certificate::large certify error modular::exact number progress report spec verdict::judge verdict::table wire
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
mutants: error number paragraph scalar spec textbook textbook::equilibrium textbook::plasticity textbook::temporal textbook::temporal::outcome textbook::view verdict::bridge verdict::compared verdict::exact verdict::locality wire
number: error spec
paragraph: foreign
picture: foreign
progress: error
report: certificate::large certificate::verify certificate::words certify error foreign number paragraph picture simulate spec textbook::temporal::outcome verdict::compared verdict::judge verdict::nearness verdict::point verdict::table verdict::temporal verdict::ulps verdict::walk verdict::whole wire
scalar: number spec verdict::enclosure
simulate: error fast fast::backprop fast::layout fast::network fast::temporal fast::temporal::loss fast::temporal::network foreign number picture progress spec
spec: error foreign
suite: error fast::credit fast::network progress simulate spec wire
textbook: error scalar spec
textbook::backprop: error scalar spec textbook
textbook::credit: error scalar spec textbook textbook::equilibrium textbook::plasticity textbook::view
textbook::directions: error scalar spec
textbook::elimination: error scalar spec textbook
textbook::equilibrium: equilibrium error scalar spec textbook textbook::elimination textbook::firing
textbook::feedback_alignment: error scalar spec textbook textbook::credit textbook::firing textbook::loss
textbook::firing: error scalar spec textbook
textbook::interpolate: error scalar spec textbook textbook::equilibrium textbook::firing textbook::loss
textbook::loss: error scalar spec textbook
textbook::plasticity: scalar spec textbook::view
textbook::relax: scalar spec textbook::view
textbook::response: error scalar spec textbook textbook::directions textbook::elimination textbook::equilibrium textbook::firing textbook::loss
textbook::tangent: error scalar spec textbook textbook::directions textbook::firing textbook::loss textbook::response
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
vectors: certify error mutants number scalar spec textbook::tangent textbook::temporal textbook::temporal::outcome verdict::blocks verdict::bridge verdict::enclosure wire
wire: certificate certificate::digest certificate::large certificate::verify certificate::words error foreign number spec verdict::table
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
const BORDERS: [(&str, &str); 72] = [
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
    // Feedback alignment is held to backpropagation, so it shares nothing with it.
    ("textbook::feedback_alignment", "textbook::backprop"),
    ("fast::feedback_alignment", "fast::backprop"),
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
    // In layers the same, and nobody makes one network in time of them.
    ("textbook::stack::bptt", "textbook::credit"),
    ("textbook::stack::bptt", "textbook::stack::firing"),
    ("textbook::stack::rtrl", "textbook::backprop"),
    ("textbook::stack::rtrl", "textbook::stack::bptt"),
    ("textbook::stack::tangent", "textbook::backprop"),
    ("textbook::stack::tangent", "textbook::credit"),
    ("textbook::stack", "textbook::temporal"),
    ("fast::stack", "fast::credit"),
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
    let rooms = ["verdict", "certificate", "coq", "wire", "spec", "scalar", "number", "error"];
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
