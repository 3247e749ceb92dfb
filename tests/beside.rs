//! Gradients of others beside the exact one: the rows of `compare`, and the picture of `check`.

use creditcheck::certify::Silent;
use creditcheck::certify::compare::{Comparison, compare};
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::measured::{Source, Theirs};
use creditcheck::number::{exact_f64, held};
use creditcheck::spec::{Activation, Case, Dtype, Limits, Network, Number};
use creditcheck::verdict::Conclusion;
use creditcheck::verdict::direction::Direction;
use creditcheck::verdict::judge::Nearness;
use creditcheck::verdict::whole::Whole;
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational as Q;
use num_traits::{Signed, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn q(p: i64, q: i64) -> Q {
    Q::new(p.into(), q.into())
}

fn case(name: &str) -> Case {
    let path = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Document::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap().case
}

/// The exact gradient, changed, held in a format.
fn file(case: &Case, number: Number, quantity: Quantity, change: impl Fn(usize, &mut Q)) -> Theirs {
    let (exact, limits) = (Number::Exact, Limits::default());
    let mut mine = gradient(case, Rule::Credit, exact, quantity, &limits, &mut Silent).unwrap();
    mine.entries.values_mut().enumerate().for_each(|(k, entry)| change(k, entry));
    mine.entries = mine.entries.map(|entry| held(&entry, number).unwrap());
    let gradient = Gradient { number, loss: None, inputs: None, rule: None, ..mine };
    Theirs { name: "mine.json".into(), source: Source::File, gradient }
}

fn compared(case: &Case, theirs: Vec<Theirs>) -> Comparison {
    compare(case, theirs, &Limits::default(), &mut Silent).unwrap()
}

/// Engines give the gradient and files stand beside them as far off as they are, whatever they declare; none of that is a verdict.
#[test]
fn files_stand_beside_the_engines() {
    let case = case("square-2-3-3-2-quadratic");
    let f32 = Number::Float(Dtype::F32);
    let (gradient, update) = (Quantity::Gradient, Quantity::Update);
    let found = compared(
        &case,
        vec![
            file(&case, Number::Exact, gradient, |_, entry| *entry *= q(2, 1)),
            file(&case, f32, gradient, |_, _| ()),
            file(&case, f32, update, |k, entry| {
                if k == 3 {
                    *entry *= q(-3, 1);
                }
            }),
        ],
    );
    assert_eq!(found.conclusion(), Conclusion::Agree);
    let names: Vec<_> = found.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["backprop", "credit", "tangent", "mine.json", "mine.json", "mine.json"]);
    let wholes: Vec<_> = found.rows.iter().map(|row| Whole::of(&row.judgement.blocks)).collect();
    for whole in &wholes[..3] {
        assert_eq!(
            (whole.differing, whole.relative, whole.direction.cosine()),
            (0, 0.0, Some(1.0))
        );
    }
    let [doubled, rounded, one] = [&wholes[3], &wholes[4], &wholes[5]];
    let nonzero = doubled.direction.of;
    assert!(nonzero > 20 && doubled.entries >= nonzero);
    assert_eq!((doubled.differing, doubled.direction.signs), (nonzero, nonzero));
    assert_eq!((doubled.relative, doubled.direction.relative()), (1.0, Some(1.0)));
    assert!(doubled.direction.cosine().unwrap() > 1.0 - 1e-12);
    // Rounded once: half an ulp at most, and nothing differs.
    assert!(rounded.differing == 0 && rounded.ulps > 0.0 && rounded.ulps <= 0.5, "{rounded:?}");
    assert_eq!((one.differing, one.direction.of - one.direction.signs), (1, 1));
    assert!((one.relative - 4.0).abs() < 1e-6, "{}", one.relative);
    let blocks = &found.rows[5].judgement.blocks;
    assert_eq!(blocks.iter().map(|block| block.differing()).sum::<usize>(), 1);
}

/// An engine that need not give the gradient is measured and not held to it; a gradient that is zero vouches for nothing.
#[test]
fn only_engines_that_should_give_the_gradient_are_held_to_it() {
    let mut own = case("square-2-3-3-2-quadratic");
    if let Network::Layered(net) = &mut own.network {
        net.layers[0].balance = Some(Activation::Square);
    }
    let found = compared(&own, Vec::new());
    let credit = found.rows.iter().find(|row| row.name == "credit").unwrap();
    assert_eq!(credit.judgement.nearness(), Nearness::Different);
    assert_eq!((found.is_right(credit), found.conclusion()), (None, Conclusion::Agree));

    let mut dead = case("worked-example");
    for example in &mut dead.examples {
        example.target = vec![q(33, 64)];
    }
    let found = compared(&dead, Vec::new());
    assert_eq!(found.conclusion(), Conclusion::Unchecked);
    assert_eq!(found.dead_blocks().len(), 4);

    let mut wrong = compared(&own, Vec::new());
    wrong.departs = false;
    assert_eq!(wrong.conclusion(), Conclusion::Disagree);
}

/// A graph has no backpropagation; where σ has no rational values the engines are those in floats.
#[cfg(feature = "fast")]
#[test]
fn what_a_case_does_not_have_is_not_run() {
    let graph = compared(&case("graph-skip-dead-end"), Vec::new());
    assert_eq!(graph.not_run[0].0, Rule::Backprop);
    let mut tanh = case("worked-example");
    if let Network::Layered(net) = &mut tanh.network {
        net.layers.iter_mut().for_each(|layer| layer.activation = Activation::Tanh);
    }
    let found = compared(&tanh, Vec::new());
    assert_eq!((found.rows.len(), found.rows[0].number), (2, Number::Float(Dtype::F64)));
    assert_eq!((found.conclusion(), found.loss), (Conclusion::Agree, None));
}

/// Blocks together are what one walk through all of them would be, whatever their exponents.
#[test]
fn the_whole_is_that_of_all_entries() {
    let mut draws = ChaCha8Rng::seed_from_u64(3);
    for round in 0..200_u32 {
        let mut number = |wide: i32| {
            let exponent = i32::try_from(draws.next_u32() % 600).unwrap() - 300;
            let float = f64::from(draws.next_u32() % 99) - 49.0;
            exact_f64(float * 2f64.powi(exponent * wide)).unwrap()
        };
        let wide = i32::from(round % 2 == 0);
        let (mut all, mut together) = (Direction::default(), Direction::default());
        for _ in 0..4 {
            let mut block = Direction::default();
            for _ in 0..5 {
                let (theirs, exact) = (number(wide), number(wide));
                let off = (&theirs - &exact).abs();
                all.see(&theirs, &exact, &off);
                block.see(&theirs, &exact, &off);
            }
            together = together.and(&block);
        }
        assert_eq!((together.signs, together.of), (all.signs, all.of));
        for (a, b) in [(together.cosine(), all.cosine()), (together.relative(), all.relative())] {
            let (a, b) = (a.unwrap(), b.unwrap());
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}");
        }
    }
}

#[cfg(feature = "cli")]
mod picture {
    use creditcheck::certify::judge::judge;
    use creditcheck::report::pictured;
    use creditcheck::verdict::judge::Options;

    use super::*;

    fn drawn(case: &Case, mine: &Gradient, names: (&str, &str)) -> String {
        let options = Options { draw: true, ..Options::default() };
        let (found, _) = judge(case, mine, &options, &Limits::default(), &mut Silent).unwrap();
        pictured(names, &found)
    }

    /// Every entry is a dot in the colour of its verdict, once beside the exact one, and of floats once more with its error, if it has one.
    #[test]
    fn every_entry_is_a_dot_of_its_colour() {
        let case = case("square-2-3-3-2-quadratic");
        let wrong = |k: usize, entry: &mut Q| {
            if k.is_multiple_of(5) {
                *entry *= q(5, 4);
            }
        };
        let exact = file(&case, Number::Exact, Quantity::Gradient, wrong).gradient;
        let all = exact.entries.values().count();
        let differing = all.div_ceil(5);
        let dots = |svg: &str, colour: &str| {
            let document = roxmltree::Document::parse(svg).unwrap();
            let circles = document.descendants().filter(|node| node.has_tag_name("circle"));
            circles.filter(|dot| dot.attribute("fill") == Some(colour)).count()
        };
        let svg = drawn(&case, &exact, ("a", "b"));
        assert_eq!((dots(&svg, "#0072b2"), dots(&svg, "#d55e00")), (all - differing, differing));
        let float = file(&case, Number::Float(Dtype::F32), Quantity::Gradient, wrong).gradient;
        let svg = drawn(&case, &float, ("a", "b"));
        assert_eq!(dots(&svg, "#d55e00"), 2 * differing);
        assert!(dots(&svg, "#0072b2") >= all - differing);
        assert_eq!(svg, drawn(&case, &float, ("a", "b")), "another picture of the same");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    /// Names are no markup, and a gradient of zeros, or of one entry, has a picture too.
    #[test]
    fn names_are_escaped_and_nothing_is_too_small() {
        let case = case("worked-example");
        let zero = file(&case, Number::Exact, Quantity::Gradient, |_, entry| *entry = Q::zero());
        let svg = drawn(&case, &zero.gradient, ("<b>&\u{202e}\"$x$", "]]><script>"));
        let document = roxmltree::Document::parse(&svg).unwrap();
        assert!(!svg.contains("<b>") && !svg.contains("<script>") && !svg.contains('\u{202e}'));
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        assert!(texts.iter().any(|text| text.contains("<b>&\\u{202e}\"")), "{texts:?}");
    }
}
