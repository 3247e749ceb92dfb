//! What issuing, writing, reading and verifying a certificate cost.
//!
//! Agreement is asserted once before anything is timed.
#![allow(missing_docs)]

// The tests use more of it.
#[allow(dead_code)]
#[path = "../tests/evidence.rs"]
mod evidence;

use creditcheck::certificate::{issue, verify};
use creditcheck::spec::Limits;
use creditcheck::verdict::Conclusion;
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{read, write};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn certificates(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, widths, batch, bits) in
        [("8-16-16-4", &[8, 16, 16, 4][..], 4, 8), ("64-32-10", &[64, 32, 10][..], 8, 53)]
    {
        let case = evidence::wide(widths, batch, bits, "relu");
        let document = Document::read(case.as_bytes(), &limits).unwrap();
        let found = evidence::gather(&document.case, &document.digest(), 1);
        let text = document.json.canonical();
        let certificate = issue(&document.case, text.clone(), 1, found.clone()).unwrap();
        let file = write(&certificate);
        let sealed = read(file.as_bytes(), &limits).unwrap();
        assert_eq!(verify(&sealed).unwrap().conclusion(), Conclusion::Agree);

        let mut group = criterion.benchmark_group(format!("certificate {name}"));
        group.sample_size(10);
        group.bench_function("issue", |bencher| {
            bencher.iter_batched(
                || (text.clone(), found.clone()),
                |(text, found)| issue(&document.case, text, 1, found),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("write", |bencher| bencher.iter(|| write(&certificate)));
        group.bench_function("read", |bencher| bencher.iter(|| read(file.as_bytes(), &limits)));
        group.bench_function("verify", |bencher| bencher.iter(|| verify(&sealed)));
        group.finish();
    }
}

criterion_group!(benches, certificates);
criterion_main!(benches);
