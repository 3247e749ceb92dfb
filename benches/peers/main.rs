//! Our side of the comparison with PyTorch, JAX and LAPACK; `python3 benches/peers/run.py` starts it and asks for times in turn.
//!
//! `serve` answers lines on standard input:
//!
//! ```text
//! export NET FOLDER        writes its parameters, inputs and targets          -> ok
//! system N FOLDER          writes I − Wᵀ diag β and e                         -> ok
//! time KEY COUNT           so many runs of a piece of work                    -> seconds
//! agree NET FORMAT FILE    somebody's gradient against ours in f64            -> the worst error as a share of its bound
//! agree-solve N FILE       somebody's solution against ours                   -> the same
//! export-temporal and agree-temporal                                          -> the same for N-T@B, steps of backpropagation through time
//! drop                     gives the memory back                              -> ok
//! about                                                                       -> features of the processor, and the kernel
//! ```
//!
//! Without an argument it checks itself on small data.
#![allow(missing_docs)]

mod agree;
mod data;
mod integers;
mod residues;
mod steps;
mod systems;
mod temporal;

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use data::Data;

/// One piece of work, ready to be repeated; it panics if it fails.
type Work = Box<dyn FnMut()>;
/// From the words after the name of the work to the work.
type Make = fn(&[&str]) -> Option<Work>;

/// Every kind of work; `run.py` names them.
const WORKS: [(&str, Make); 19] = [
    ("bp", steps::backprop),
    ("credit", steps::credit),
    ("gemms-faer", steps::products_by_faer),
    ("gemms-gemm", steps::products_by_gemm),
    ("gemms-own", steps::products_of_the_step),
    ("part", steps::part),
    ("solve", systems::solve),
    ("recurrent-credit", systems::credit),
    ("product", residues::plain_product),
    ("product-mod", residues::product),
    ("bp-mod", residues::backprop),
    ("bp-mod-unchecked", residues::backprop_unchecked),
    ("credit-mod", residues::credit),
    ("credit-mod-unchecked", residues::credit_unchecked),
    ("identity", residues::identity),
    ("exact", integers::by_residues),
    ("integers", integers::scaled),
    ("rationals", integers::rationals),
    ("bptt", temporal::step),
];

fn work(key: &str) -> Option<Work> {
    let mut words = key.split('/');
    let name = words.next()?;
    let words: Vec<&str> = words.collect();
    WORKS.iter().find(|(known, _)| *known == name).and_then(|(_, make)| make(&words))
}

fn answer(line: &str, works: &mut HashMap<String, Work>) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["export", net, folder] => {
            Data::named(net)?.export(Path::new(folder));
            Some("ok".to_owned())
        }
        ["system", n, folder] => {
            systems::export(n.parse().ok()?, Path::new(folder));
            Some("ok".to_owned())
        }
        ["time", key, count] => {
            let count: u64 = count.parse().ok()?;
            if !works.contains_key(*key) {
                works.insert((*key).to_owned(), work(key)?);
            }
            let work = works.get_mut(*key)?;
            let start = Instant::now();
            (0..count).for_each(|_| work());
            Some(format!("{:e}", start.elapsed().as_secs_f64()))
        }
        ["agree", net, format, file] => {
            let found = data::read(Path::new(file));
            Some(format!("{:e}", agree::worst(&Data::named(net)?, format, &found)?))
        }
        ["agree-solve", n, file] => {
            let found = data::read(Path::new(file));
            Some(format!("{:e}", systems::worst(n.parse().ok()?, &found)))
        }
        ["export-temporal", net, folder] => {
            temporal::export(net, Path::new(folder))?;
            Some("ok".to_owned())
        }
        ["agree-temporal", net, format, file] => {
            let found = data::read(Path::new(file));
            Some(format!("{:e}", temporal::worst(net, format, &found)?))
        }
        ["drop"] => {
            works.clear();
            Some("ok".to_owned())
        }
        ["about"] => Some(about()),
        _ => None,
    }
}

fn about() -> String {
    #[cfg(target_arch = "x86_64")]
    let features = [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    let has = |name| features.iter().any(|(feature, present)| *feature == name && *present);
    let kernel = if has("avx512f") {
        "avx512f"
    } else if has("avx2") && has("fma") {
        "avx2+fma"
    } else {
        "portable"
    };
    let present: Vec<&str> =
        features.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
    format!("kernel={kernel} features={} threads=1", present.join(","))
}

fn serve() {
    let mut works = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input");
        let answer = answer(&line, &mut works).unwrap_or_else(|| format!("unknown: {line}"));
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
    }
}

/// Every kind of work once on a small network, and agreement that notices a wrong entry.
fn check() {
    for (name, _) in WORKS {
        let keys: &[&str] = match name {
            "solve" | "recurrent-credit" => &["/20"],
            "bptt" => &["/6-5@4/f64", "/6-5@4/f32"],
            "part" => &["/tiny/f64/update/1", "/tiny/f32/back/2"],
            "product" | "product-mod" => &["/7/5/6"],
            "bp" | "credit" | "gemms-faer" | "gemms-gemm" | "gemms-own" => {
                &["/tiny/f64", "/tiny/f32"]
            }
            _ => &["/tiny"],
        };
        for key in keys {
            let key = if key.starts_with('/') { format!("{name}{key}") } else { (*key).to_owned() };
            work(&key).unwrap_or_else(|| panic!("{key} is not known"))();
        }
    }
    agree::check();
    integers::check();
    systems::check();
    temporal::check();
    println!(
        "peers: every kind of work ran on a small network; comparisons notice a planted error"
    );
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        serve();
    } else {
        check();
    }
}
