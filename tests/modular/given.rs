//! The backward halves on given rates, balance factors and external credits.

use creditcheck::linalg::{Field, zeros};
use creditcheck::modular::{Function, Layer, Network, backprop, credit};
use creditcheck::scalar::Prime;
use creditcheck::spec::Kink;
use creditcheck::spec::outcome::GivenBackprop;
use creditcheck::textbook::backprop::{LayerParameters, run_given};
use faer::Mat;

const P: u64 = 4_194_301;

/// Residues with no pattern that a transposed or shifted index would keep.
fn residues(field: &Field, rows: usize, columns: usize, salt: u64) -> Mat<f64> {
    let mut matrix = zeros(rows, columns);
    for column in 0..columns {
        for row in 0..rows {
            let k = (row * columns + column) as u64 + salt;
            matrix[(row, column)] = field.of((k * k * 2_654_435_761 % P) as u32);
        }
    }
    matrix
}

#[test]
fn both_rules_equal_the_textbook_on_given_values() {
    let field = Field::new(P as u32).unwrap();
    for (widths, batch) in [(vec![3, 3, 3], 2), (vec![5, 2, 7, 4], 3), (vec![2, 9], 5)] {
        let pairs = widths.windows(2).enumerate();
        let layers = pairs.map(|(l, pair)| Layer {
            weights: residues(&field, pair[1], pair[0], 11 * l as u64 + 3),
            biases: (l % 2 == 0).then(|| vec![0.0; pair[1]]),
            activation: Function::Identity,
            kink: Kink::Left,
            balance: None,
        });
        let network = Network { layers: layers.collect() };
        let of_layer = |l: usize, salt: u64| residues(&field, widths[l], batch, salt + l as u64);
        let last = widths.len() - 1;
        let rates: Vec<_> = (0..last).map(|l| of_layer(l, 1000)).collect();
        let factors: Vec<_> = (1..=last).map(|l| of_layer(l, 2000)).collect();
        let output = of_layer(last, 3000);

        let exact = |value: f64| Prime::<P>::new(u64::from(field.canonical(value)));
        let matrix = |m: &Mat<f64>| -> Vec<Vec<_>> {
            (0..m.nrows()).map(|r| (0..m.ncols()).map(|c| exact(m[(r, c)])).collect()).collect()
        };
        let parameters = LayerParameters {
            weights: network.layers.iter().map(|layer| matrix(&layer.weights)).collect(),
            biases: network
                .layers
                .iter()
                .map(|l| l.biases.as_ref().map(|b| b.iter().map(|b| exact(*b)).collect()))
                .collect(),
        };
        let column = |m: &Mat<f64>, b: usize| (0..m.nrows()).map(|r| exact(m[(r, b)])).collect();
        let of_example = |b: usize| GivenBackprop {
            firing_rate: rates.iter().chain([&output]).map(|m| column(m, b)).collect(),
            slope: factors.iter().map(|m| column(m, b)).collect(),
            output_adjoint: column(&output, b),
        };
        let given: Vec<_> = (0..batch).map(of_example).collect();
        let expected = run_given(&parameters, &given, &Default::default()).unwrap();

        let mut back = backprop::Workspace::new(&network, batch).unwrap();
        let given = backprop::Given {
            firing_rate: rates.iter().map(Mat::as_ref).collect(),
            slope: factors.iter().map(Mat::as_ref).collect(),
            output_adjoint: output.as_ref(),
        };
        back.run_given(&field, &network, &given).unwrap();
        // Read as an external credit, the same numbers make the same credits: both are linear in them.
        let mut rule = credit::Workspace::new(&network, batch).unwrap();
        let learning_rate = field.of(777);
        let given = credit::Given {
            firing_rate: given.firing_rate,
            balance_factor: given.slope,
            external_credit: output.as_ref(),
            learning_rate,
        };
        rule.run_given(&field, &network, &given).unwrap();
        for (l, width) in widths.iter().enumerate() {
            for b in 0..batch {
                for unit in 0..*width {
                    let expected = expected.adjoint[b][l][unit];
                    assert_eq!(exact(back.adjoint(l)[(unit, b)]), expected);
                    assert_eq!(exact(rule.credit(l)[(unit, b)]), expected);
                }
            }
            if l == 0 {
                continue;
            }
            let gradient = &expected.gradient.weights[l - 1];
            for (post, row) in gradient.iter().enumerate() {
                for (pre, expected) in row.iter().enumerate() {
                    let expected = *expected;
                    assert_eq!(exact(back.weight_gradient(l)[(post, pre)]), expected);
                    let update = expected * &exact(learning_rate);
                    assert_eq!(exact(rule.weight_update(l)[(post, pre)]), update);
                }
            }
            if let Some(biases) = &expected.gradient.biases[l - 1] {
                for (unit, expected) in biases.iter().enumerate() {
                    assert_eq!(exact(back.bias_gradient(l).unwrap()[unit]), *expected);
                    let update = *expected * &exact(learning_rate);
                    assert_eq!(exact(rule.bias_update(l).unwrap()[unit]), update);
                }
            }
        }
        let made = 2 * last as u64;
        assert_eq!((rule.checked_products(), back.checked_products()), (made, made));
    }
}
