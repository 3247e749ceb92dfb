//! Traces of a whole case, and the files made of them.

use creditcheck::certify::Silent;
use creditcheck::simulate::timescales::{
    Record, Settings, Start, Times, chain, figure, layered, record, sweep,
};

fn recorded(start: Start, neurons: Vec<usize>) -> Record {
    let times = Times { tau_x: 2.0, tau_c: 10.0, tau_w: 1e4, present: 400.0, gate: 20.0 };
    let settings = Settings { times, start, rtol: 1e-8, neurons };
    record(&layered(1), &settings, &mut Silent).unwrap()
}

#[test]
fn traces_hold_together() {
    let found = recorded(Start::Previous, vec![0, 4, 5, 10]);
    assert_eq!(found.presentations.len(), 2);
    // 4 ← 0, 5 ← 0, 10 ← 4, 10 ← 5.
    assert_eq!(found.synapses.len(), 4);
    assert!(found.tolerance < 1e-6, "{}", found.tolerance);
    for pair in found.samples.windows(2) {
        let [before, after] = pair else { panic!("two samples") };
        if before.presentation != after.presentation {
            // The next example begins where this one ended: weights, credits and every rate but the clamped ones.
            assert_eq!((before.time, after.time), (400.0, 0.0));
            assert_eq!(before.firing_rate[1..], after.firing_rate[1..]);
            assert_eq!((&before.credit, &before.weights), (&after.credit, &after.weights));
            assert_ne!(before.firing_rate[0], after.firing_rate[0]);
        } else {
            assert!(before.time < after.time);
            // Before the gate opens no weight moves, after it every one does.
            let still = after.time <= 20.0;
            assert_eq!(before.weights == after.weights, still, "at {}", after.time);
        }
        for (k, balance) in after.balance.iter().enumerate() {
            let s = balance.excitation - balance.inhibition;
            assert!((s - balance.net_input).abs() < 1e-12);
            assert_eq!(k == 0, balance.balance_factor == 0.0);
        }
    }
}

#[test]
fn rest_begins_every_presentation_at_zero() {
    let found = recorded(Start::Rest, vec![4, 10]);
    let first = found.samples.iter().filter(|sample| sample.time == 0.0);
    for sample in first {
        assert!(sample.firing_rate.iter().chain(&sample.credit).all(|value| *value == 0.0));
    }
    let settled = recorded(Start::Equilibrium, vec![4, 10]);
    assert!(settled.samples[0].credit[0] != 0.0);
}

#[test]
fn a_neuron_that_is_not_there_is_an_error() {
    let times = Times { tau_x: 1.0, tau_c: 1.0, tau_w: 1.0, present: 1.0, gate: 0.0 };
    let settings = Settings { times, start: Start::Rest, rtol: 1e-6, neurons: vec![13] };
    let found = record(&layered(1), &settings, &mut Silent);
    assert!(found.is_err_and(|error| error.to_string().contains("0 to 12")));
}

/// Every line has as many fields as the head, and a picture is made of numbers.
#[test]
fn files_are_well_formed() {
    let found = recorded(Start::Rest, vec![0, 4, 10]);
    let sweeps = vec![("chain".to_owned(), sweep(&chain(), 1e-5, &mut Silent).unwrap())];
    for (csv, least) in [(figure::csv(&found), 1000), (figure::deviation_csv(&sweeps), 5 * 9 * 4)] {
        let fields = csv.lines().next().unwrap().split(',').count();
        assert!(csv.lines().all(|line| line.split(',').count() == fields));
        assert!(csv.lines().count() > least, "{}", csv.lines().count());
    }
    for svg in [figure::traces("a <b> & c", &found), figure::deviation(&sweeps)] {
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<b>"));
    }
    // The same record, the same bytes.
    assert_eq!(figure::csv(&found), figure::csv(&recorded(Start::Rest, vec![0, 4, 10])));
}
