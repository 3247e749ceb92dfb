//! Why the witnesses look as they do: under each restriction some mutants cannot be seen.

use creditcheck::mutants::{
    AtEquilibrium, Compared, Fault, Implementation, Mutant, Side, Status, Subject, Variant, Witness,
};
use creditcheck::spec::Limits;

/// A committed case with one restriction, and the mutants that it is blind to.
#[derive(Clone, Copy, Debug)]
struct Blind {
    /// What the case lacks, as a sentence fragment.
    restriction: &'static str,
    /// The case.
    case: Witness,
    /// Mutants whose update is right there, or that cannot even be planted.
    unseen: &'static [Fault],
}

macro_rules! blind {
    ($name:literal, $restriction:literal, $unseen:expr) => {
        Blind {
            restriction: $restriction,
            case: Witness {
                name: concat!("blind/", $name),
                text: include_str!(concat!("../../fixtures/mutants/blind/", $name, ".json")),
            },
            unseen: $unseen,
        }
    };
}

const fn whole(mutant: Mutant) -> Fault {
    Fault { mutant, variant: Variant::Whole }
}

/// Every restriction that is shown to blind an exact comparison of updates.
///
/// So the witnesses have width ≥ 2, two layers or more, B ≥ 2, square and rectangular shapes,
/// `quadratic` among the activations, external credits that differ, η ∉ {0, 1}, weights that are neither ±1
/// nor symmetric, inhibition, credits beyond 1, and net inputs placed at kinks.
const BLIND: [Blind; 14] = {
    use Mutant::*;
    [
        blind!("one_example", "batch 1", &[whole(M03), whole(M08), whole(M17)]),
        blind!("width_one", "width 1", &[whole(M06), whole(M11), whole(M24)]),
        blind!("symmetric", "symmetric W", &[whole(M06)]),
        blind!(
            "rectangular_only",
            "rectangular shapes only",
            &[whole(M06), whole(M10), whole(M11)]
        ),
        blind!("relu_only", "ReLU and leaky ReLU only", &[whole(M05), whole(M16)]),
        blind!("linear", "linear σ", &[whole(M04), whole(M05), whole(M18)]),
        blind!("uniform_error", "external credit 1 everywhere", &[whole(M28)]),
        blind!("uniform_adjoint", "external adjoint 1 everywhere", &[whole(M28)]),
        blind!("unit_weights", "weights ±1", &[whole(M22)]),
        blind!("rate_one", "learning rate 1", &[whole(M26)]),
        blind!("one_output", "one output", &[whole(M29)]),
        blind!(
            "one_layer",
            "one layer",
            &[
                whole(M06),
                whole(M07),
                whole(M15),
                whole(M18),
                whole(M21),
                whole(M22),
                whole(M28),
                whole(K03),
                whole(K09),
                Fault { mutant: K05, variant: Variant::Autapse },
                Fault { mutant: K05, variant: Variant::Lateral },
            ]
        ),
        blind!("small_credits", "credits within ±1", &[whole(M13)]),
        blind!("excitation_only", "no inhibition", &[whole(K09)]),
    ]
};

/// What becomes of a mutant where updates, or gradients, are compared.
fn fate(witness: &Witness, fault: Fault, side: Side) -> Status {
    let case = witness.case().unwrap();
    let subject = AtEquilibrium::of(&case, &Limits::default()).unwrap();
    subject.fate(fault, &Implementation::Side(side), Compared::Update).unwrap()
}

#[test]
fn each_restriction_hides_its_mutants_on_both_sides() {
    for blind in &BLIND {
        for &fault in blind.unseen {
            for &side in fault.mutant.sides() {
                // Ones in place of credits are minus ones in place of adjoints.
                if side == Side::Backprop && blind.case.name == "blind/uniform_error"
                    || side == Side::Credit && blind.case.name == "blind/uniform_adjoint"
                {
                    continue;
                }
                let status = fate(&blind.case, fault, side);
                assert!(
                    matches!(status, Status::Survived | Status::Unapplied),
                    "{}: {fault:?} on the side of {} is {status:?}",
                    blind.restriction,
                    side.word(),
                );
            }
        }
    }
}

/// A blind case must be blind for its restriction, not because it is dead.
#[test]
fn blind_cases_are_alive() {
    for blind in &BLIND {
        for side in [Side::Credit, Side::Backprop] {
            let status = fate(&blind.case, whole(Mutant::M01), side);
            assert!(matches!(status, Status::Killed(_)), "{}: {status:?}", blind.restriction);
        }
    }
}

/// What cannot be planted at all is said to be unapplied: it never counts as killed (H12).
#[test]
fn a_mutant_that_cannot_be_planted_is_unapplied() {
    let rectangular =
        BLIND.iter().find(|blind| blind.case.name == "blind/rectangular_only").unwrap();
    for mutant in [Mutant::M06, Mutant::M10, Mutant::M11] {
        for side in [Side::Credit, Side::Backprop] {
            let status = fate(&rectangular.case, whole(mutant), side);
            assert_eq!(status, Status::Unapplied, "{mutant}");
        }
    }
}
