//! What only this room can see: candidates that are wrong are refused.

use super::*;

fn integer(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

/// Entries with no pattern, below 1000.
fn system(order: u64) -> (System, Vec<BigRational>) {
    let mut state = 1_u64;
    let mut entry = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        BigRational::from_integer(((state >> 33) % 1997).into()) - integer(998)
    };
    let rows: Vec<Vec<_>> = (0..order).map(|_| (0..order).map(&mut entry).collect()).collect();
    (System::dense(&rows).unwrap(), (0..order).map(&mut entry).collect())
}

fn solve(disturb: &mut dyn FnMut(&mut Fractions)) -> (Result<Solved, Error>, Vec<BigRational>) {
    let (system, right) = system(12);
    let (limits, one) = (Limits::default(), BigInt::one());
    let plain = system.solve(std::slice::from_ref(&right), &one, &limits, &mut |_| Ok(())).unwrap();
    assert_eq!(plain.facts.rejected, 0);
    let disturbed = system.solve_with(&[right], &one, &limits, &mut |_| Ok(()), disturb);
    (disturbed, plain.solutions[0].rationals())
}

#[test]
fn a_wrong_candidate_is_refused_and_the_next_one_is_right() {
    // One unit in one numerator, in the denominator, its sign; an entry too few; all of them doubled but the denominator.
    let wrong: [fn(&mut Fractions); 6] = [
        |x| x.numerators[11] += 1,
        |x| x.numerators[0] -= 1,
        |x| x.divisor += 1,
        |x| x.divisor = -&x.divisor,
        |x| x.numerators.truncate(11),
        |x| x.numerators.iter_mut().for_each(|entry| *entry *= 2),
    ];
    for wrong in wrong {
        let mut times = 0;
        let (solved, expected) = solve(&mut |candidate| {
            times += 1;
            if times == 1 {
                wrong(candidate);
            }
        });
        let solved = solved.unwrap();
        assert_eq!((solved.facts.rejected, times), (1, 2));
        assert_eq!(solved.solutions[0].rationals(), expected);
    }
}

#[test]
fn wrong_candidates_for_ever_end_in_an_error() {
    let (solved, _) = solve(&mut |candidate| candidate.numerators[3] += 1);
    assert!(matches!(solved, Err(Error::WrongProduct { .. })), "{solved:?}");
}

#[test]
fn a_wrong_inverse_leaves_a_remainder() {
    let (system, right) = system(12);
    let field = Field::largest(&[]).next().unwrap();
    let Inverted::Inverse(mut inverse) = Inverse::of(&system, &field, &mut |_| Ok(())).unwrap()
    else {
        panic!("an inverse");
    };
    let (integers, _) = system.integers(&right).unwrap();
    Lifter::new(&system, &inverse, &[&integers]).step(&inverse).unwrap();
    inverse.matrix[(4, 7)] += 1.0;
    let error = Lifter::new(&system, &inverse, &[&integers]).step(&inverse).unwrap_err();
    assert!(matches!(error, Error::WrongProduct { .. }), "{error}");
}
