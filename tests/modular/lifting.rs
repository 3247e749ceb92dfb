//! Systems solved by lifting against the textbook's elimination over ℚ, and systems without a solution.

use creditcheck::Error;
use creditcheck::linalg::Field;
use creditcheck::linalg::lifting::{Solved, System};
use creditcheck::spec::outcome::GivenCredit;
use creditcheck::spec::{
    Activation, Case, Ends, Expect, Graph, Kink, Limits, Network, Neuron, Parameters, PerNeuron,
    PerSynapse, Wiring,
};
use creditcheck::textbook;
use num_bigint::BigInt;
use num_rational::BigRational as Q;
use num_traits::{One, Zero};

use super::cyclic::{Draw, ratio};

fn solve(rows: &[Vec<Q>], right: &[Vec<Q>]) -> Result<Solved, Error> {
    let limits = Limits::default();
    System::dense(rows)?.solve(right, &BigInt::one(), &limits, &mut |_| Ok(()))
}

/// A c = e by the textbook: with β = 1 and W = I − Aᵀ the credit equation is that one.
fn eliminated(rows: &[Vec<Q>], right: &[Vec<Q>]) -> Result<Vec<Vec<Q>>, Error> {
    let neurons = rows.len();
    let pairs = (0..neurons).flat_map(|post| (0..neurons).map(move |pre| (post, pre)));
    let ends = pairs.map(|(post, pre)| Ends { post: Neuron(post), pre: Neuron(pre) });
    let synapses = PerSynapse::new(ends.collect());
    let weights = synapses.iter().map(|ends| {
        let one = if ends.post == ends.pre { Q::one() } else { Q::zero() };
        one - &rows[ends.pre.0][ends.post.0]
    });
    let weights = PerSynapse::new(weights.collect());
    let case = Case {
        name: None,
        network: Network::Graph(Graph {
            neurons,
            inputs: Vec::new(),
            outputs: Vec::new(),
            activations: PerNeuron::filled(neurons, Activation::Identity),
            balances: PerNeuron::filled(neurons, None),
            synapses,
            weights,
            biases: None,
        }),
        learning_rate: Q::one(),
        kink: Kink::Left,
        examples: Vec::new(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    };
    let given = right.iter().map(|right| GivenCredit {
        firing_rate: PerNeuron::filled(neurons, Q::zero()),
        balance_factor: PerNeuron::filled(neurons, Q::one()),
        external_credit: PerNeuron::new(right.clone()),
    });
    let given: Vec<_> = given.collect();
    let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
    let limits = Limits::default();
    let found = textbook::credit::run_given(&wiring, &parameters, &Q::one(), &given, &limits)?;
    Ok(found.0.into_iter().map(|credit| credit.as_slice().to_vec()).collect())
}

fn filled(order: usize, mut entry: impl FnMut(usize, usize) -> Q) -> Vec<Vec<Q>> {
    (0..order).map(|row| (0..order).map(|column| entry(row, column)).collect()).collect()
}

/// Both answers, or both none.
fn agree(rows: &[Vec<Q>], right: &[Vec<Q>]) -> Option<Solved> {
    match (solve(rows, right), eliminated(rows, right)) {
        (Ok(found), Ok(expected)) => {
            let found_entries: Vec<_> = found.solutions.iter().map(|x| x.rationals()).collect();
            assert_eq!(found_entries, expected);
            Some(found)
        }
        (Err(Error::Singular { what }), Err(Error::Singular { .. })) => {
            assert!(what.contains("checked over ℤ"), "{what}");
            None
        }
        (found, expected) => panic!("{found:?}, {expected:?}"),
    }
}

#[test]
fn lifting_equals_elimination_on_integers_dyadics_and_wild_fractions() {
    let (mut solved, mut singular, mut draw) = (0, 0, Draw(2));
    for order in 1..=30 {
        for kind in 0..4 {
            if kind == 3 && order > 10 || kind < 3 && order > 12 && order % 6 != kind {
                continue;
            }
            let mut number = || match kind {
                0 => ratio(draw.byte(), 1),
                // Sparse and small: singular at times, and the first pivot is often 0.
                1 => ratio(if draw.below(3) == 0 { draw.below(3) - 1 } else { 0 }, 1),
                2 => ratio(draw.byte(), 1 << draw.below(12)),
                _ => ratio(draw.byte() * 99_991 + 7, draw.below(1 << 20) + 1),
            };
            let rows = filled(order, |_, _| number());
            let sides = 1 + order % 4;
            let right: Vec<Vec<_>> =
                (0..sides).map(|_| (0..order).map(|_| number()).collect()).collect();
            match agree(&rows, &right) {
                Some(_) => solved += 1,
                None => singular += 1,
            }
        }
    }
    assert!(solved > 35 && singular > 3, "{solved} solved, {singular} singular");
}

#[test]
fn a_singular_matrix_is_proved_to_be_one() {
    let mut draw = Draw(3);
    for (order, rank) in [(1, 0), (2, 1), (7, 6), (20, 13), (60, 59)] {
        // The columns from `rank` on are combinations of the first two (or zero).
        let mut rows = filled(order, |_, _| ratio(draw.byte(), 16));
        for row in &mut rows {
            for column in rank..order {
                let (a, b) = (row[0].clone(), row[1 % order].clone());
                row[column] = if rank < 2 { Q::zero() } else { a * ratio(3, 7) - b };
            }
        }
        let error = solve(&rows, &[vec![Q::one(); order]]).unwrap_err();
        let expected = format!(
            "singular: column {rank} of {order} is a combination of the columns before it, checked over ℤ"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_prime_that_divides_the_determinant_is_passed_over() {
    let primes: Vec<i64> =
        Field::largest(&[]).take(9).map(|field| i64::from(field.prime())).collect();
    // Triangular: the determinant is the product of the first so many primes.
    for count in [1, 2, 3, 7] {
        let rows = filled(count + 1, |row, column| match row.cmp(&column) {
            std::cmp::Ordering::Equal if row < count => ratio(primes[row], 1),
            std::cmp::Ordering::Greater => Q::zero(),
            _ => ratio((row * 5 + column * 3) as i64 + 1, 4),
        });
        let right = vec![(0..=count).map(|k| ratio(k as i64 + 1, 3)).collect()];
        let facts = agree(&rows, &right).unwrap().facts;
        assert_eq!((facts.refused, i64::from(facts.prime)), (count, primes[count]));
    }
    // All the primes that are tried: no answer, and no claim of a proof either.
    let rows =
        filled(8, |row, column| if row == column { ratio(primes[row], 1) } else { Q::zero() });
    let error = solve(&rows, &[vec![Q::one(); 8]]).unwrap_err().to_string();
    assert!(error.contains("modulo the 8 largest primes below 2²²"), "{error}");
    assert!(error.contains("this is no proof"), "{error}");
}

#[test]
fn solutions_may_be_much_longer_or_shorter_than_the_matrix() {
    // Hilbert's matrix: its inverse has integers of forty digits.
    let rows = filled(16, |row, column| ratio(1, (row + column + 1) as i64));
    let mut unit = vec![Q::zero(); 16];
    unit[10] = Q::one();
    let solution = agree(&rows, &[unit]).unwrap().solutions[0].rationals();
    assert!(solution.iter().all(Q::is_integer) && solution.iter().any(|x| x.numer().bits() > 60));

    // Powers of two far apart, in the matrix and on the right.
    let mut draw = Draw(4);
    let power = |exponent: u32| Q::from_integer(BigInt::one() << exponent);
    let rows = filled(5, |row, column| {
        let value = ratio(draw.byte(), 3 + column as i64);
        if row % 2 == 0 { value * power(900) } else { value / power(700) }
    });
    let right = (0..5).map(|row| if row == 1 { power(2000) } else { power(300).recip() });
    agree(&rows, &[right.collect(), vec![Q::zero(); 5]]).unwrap();

    // Negative numbers of several limbs, exact powers of the base among them.
    let prime = Q::from_integer(BigInt::from(4_194_301));
    let rows = filled(
        3,
        |row, column| if row == column { prime.pow(5) } else { -prime.pow(column as i32) },
    );
    agree(&rows, &[vec![prime.pow(9), -prime.pow(2), Q::one()]]).unwrap();
}

/// A solution far shorter than Cramer's rule allows is found after few digits.
#[test]
fn lifting_ends_early_where_the_solution_is_short() {
    let mut draw = Draw(5);
    let rows = filled(40, |_, _| ratio(draw.byte(), 1));
    let solution: Vec<_> = (0..40).map(|k| ratio(k - 20, 1 + k % 3)).collect();
    let right = rows.iter().map(|row| row.iter().zip(&solution).map(|(a, x)| a * x).sum());
    let solved = solve(&rows, &[right.collect()]).unwrap();
    assert_eq!(solved.solutions[0].rationals(), solution);
    let facts = solved.facts;
    assert!(facts.lifted < 100 && facts.cramer > 700 && facts.needed <= 10, "{facts:?}");
    // And one of generic length after little more than it needs.
    let facts = solve(&rows, &[vec![Q::one(); 40]]).unwrap().facts;
    assert!(facts.needed > 600 && facts.needed < facts.cramer, "{facts:?}");
    assert!(facts.lifted >= facts.needed && facts.lifted < facts.needed * 5 / 4, "{facts:?}");
}

/// A denominator from elsewhere spares digits if it is right and costs some if it is wrong; the answer stays.
#[test]
fn a_guessed_denominator_is_not_trusted() {
    let mut draw = Draw(6);
    let rows = filled(25, |_, _| ratio(draw.byte(), 8));
    let right = [(0..25).map(|k| ratio(k, 3)).collect::<Vec<_>>()];
    let system = System::dense(&rows).unwrap();
    let limits = Limits::default();
    let with = |guess: &BigInt| system.solve(&right, guess, &limits, &mut |_| Ok(())).unwrap();
    let plain = with(&BigInt::one());
    let right_guess = with(&plain.solutions[0].divisor);
    assert!(right_guess.facts.lifted * 3 < plain.facts.lifted * 2, "{right_guess:?}");
    for guess in [BigInt::from(-12), BigInt::zero(), (BigInt::one() << 300_u32) + 1] {
        assert_eq!(with(&guess).solutions[0].rationals(), plain.solutions[0].rationals());
    }
    assert_eq!(right_guess.solutions[0].rationals(), plain.solutions[0].rationals());
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let one = || vec![Q::one()];
    assert!(System::dense(&[vec![Q::one(), Q::one()], one()]).is_err());
    assert!(System::new(vec![vec![(1, Q::one())]]).is_err());
    assert!(solve(&[one()], &[vec![]]).is_err());
    assert!(solve(&[], &[vec![]]).unwrap().solutions[0].numerators.is_empty());
    assert!(solve(&[one()], &[]).unwrap().solutions.is_empty());
    let system = System::new(vec![vec![(0, ratio(1, 2)), (0, ratio(1, 3))]]).unwrap();
    let mut limits = Limits::default();
    let solved = system.solve(&[one()], &BigInt::one(), &limits, &mut |_| Ok(())).unwrap();
    assert_eq!(solved.solutions[0].rationals(), [ratio(6, 5)]);
    let stop = system.solve(&[one()], &BigInt::one(), &limits, &mut |_| Err(Error::Interrupted));
    assert_eq!(stop, Err(Error::Interrupted));
    limits.bits = 50;
    let error = system.solve(&[one()], &BigInt::one(), &limits, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Limit { given: 87, limit: 50, .. }), "{error:?}");
    limits.neurons = 0;
    let error = system.solve(&[one()], &BigInt::one(), &limits, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Limit { given: 1, limit: 0, .. }), "{error:?}");
}
