//! The error of one neuron: of σ(s), and of the slope there.

use num_rational::BigRational;
use num_traits::Signed;

use super::Model;
use crate::error::Error;
use crate::number::{exact_f64, nearest_f64};
use crate::spec::{Activation, Class, Curved, Kink, Straight};
use crate::verdict::bounded::dyadic::SIDES;
use crate::verdict::bounded::up::Up;

/// An activation with its parameters in both arithmetics.
pub(in crate::verdict) enum Function {
    /// Kinks with the slope on the left of each, then the slope after the last; rates of the constant pieces.
    Pieces {
        places: Vec<Parameter>,
        slopes: Vec<Parameter>,
        kink: Kink,
    },
    Identity,
    Square,
    Quadratic,
    Cubic,
}

/// A number of the case and its errors in both arithmetics.
#[derive(Clone, Copy)]
pub(in crate::verdict) struct Parameter {
    centre: f64,
    error: [Up; 2],
}

impl Parameter {
    fn of(value: &BigRational, models: [Model; 2]) -> Self {
        let centre = nearest_f64(value);
        let off = match exact_f64(centre) {
            Some(float) if float == *value => Up::ZERO,
            Some(float) => Up::of(nearest_f64(&(float - value).abs()).next_up()),
            None => Up::of(f64::INFINITY),
        };
        let error = SIDES.map(|side| off + models[side].rounding(centre));
        Self { centre, error }
    }

    fn exactly(centre: f64) -> Self {
        Self { centre, error: [Up::ZERO; 2] }
    }

    fn reach(self, side: usize) -> Up {
        Up::of(self.centre) + self.error[0] + self.error[side]
    }
}

/// σ and its slope at a net input, with their errors.
pub(super) struct Fired {
    pub(super) rate: f64,
    pub(super) rate_error: [Up; 2],
    pub(super) slope: f64,
    pub(super) slope_error: [Up; 2],
    pub(super) is_uncertain: bool,
}

impl Function {
    pub(super) fn of(
        activation: &Activation,
        kink: Kink,
        models: [Model; 2],
    ) -> Result<Self, Error> {
        let (zero, one) = (Parameter::exactly(0.0), Parameter::exactly(1.0));
        Ok(match activation.class() {
            Class::Straight(Straight::Identity) => Self::Identity,
            Class::Curved(Curved::Square) => Self::Square,
            Class::Curved(Curved::Quadratic) => Self::Quadratic,
            Class::Curved(Curved::Cubic) => Self::Cubic,
            Class::Straight(Straight::Relu) => {
                Self::Pieces { places: vec![zero], slopes: vec![zero, one], kink }
            }
            Class::Straight(Straight::LeakyRelu { slope }) => {
                let below = Parameter::of(slope, models);
                Self::Pieces { places: vec![zero], slopes: vec![below, one], kink }
            }
            Class::Straight(Straight::HardTanh { min, max }) => {
                let places = vec![Parameter::of(min, models), Parameter::of(max, models)];
                Self::Pieces { places, slopes: vec![zero, one, zero], kink }
            }
            Class::Quotient | Class::Transcendental(_) => {
                return Err(Error::unsupported(format!(
                    "a rounding bound of {} at this size; there is one for polynomials, relu, leaky_relu and hard_tanh",
                    activation.name()
                )));
            }
        })
    }

    pub(super) fn fire(&self, s: f64, e: [Up; 2], models: [Model; 2]) -> Fired {
        let reach = |side: usize| Up::of(s) + e[0] + e[side];
        let smooth = |rate: f64, slope: f64, errors: &dyn Fn(Up, Up, Model) -> (Up, Up)| {
            let of = SIDES.map(|side| {
                let (rate, slope) = errors(reach(side), e[side], models[side]);
                let tiny = Up::count(8) * models[side].tiny * (Up::ONE + reach(side));
                (rate + tiny, slope + tiny)
            });
            Fired {
                rate,
                rate_error: of.map(|(rate, _)| rate),
                slope,
                slope_error: of.map(|(_, slope)| slope),
                is_uncertain: false,
            }
        };
        let two = Up::ONE + Up::ONE;
        match self {
            Self::Identity => Fired {
                rate: s,
                rate_error: e,
                slope: 1.0,
                slope_error: [Up::ZERO; 2],
                is_uncertain: false,
            },
            Self::Square => smooth(s * s, 2.0 * s, &|m, e, model| {
                (two * m * e + model.stored(2) * m * m, two * e + model.stored(2) * two * m)
            }),
            Self::Quadratic => smooth(s + s * s, 1.0 + 2.0 * s, &|m, e, model| {
                let steepness = Up::ONE + two * m;
                (
                    steepness * e + model.stored(4) * (m + m * m),
                    two * e + model.stored(4) * steepness,
                )
            }),
            Self::Cubic => smooth(s - s * s * s / 3.0, 1.0 - s * s, &|m, e, model| {
                let steepness = Up::ONE + m * m;
                let rate = steepness * e + model.stored(6) * m * steepness;
                (rate, two * m * e + model.stored(6) * steepness)
            }),
            Self::Pieces { places, slopes, kink } => pieces(places, slopes, *kink, s, e, models),
        }
    }
}

fn pieces(
    places: &[Parameter],
    slopes: &[Parameter],
    kink: Kink,
    s: f64,
    e: [Up; 2],
    models: [Model; 2],
) -> Fired {
    let piece = places.iter().filter(|place| s > place.centre).count();
    let on_kink = places.get(piece).is_some_and(|place| place.centre == s);
    let slope = match (on_kink, kink) {
        // Of three pieces the second is the inner one.
        (true, Kink::Inner) => slopes[1].centre,
        (true, Kink::Right) => slopes[piece + 1].centre,
        (true, Kink::Mean) => f64::midpoint(slopes[piece].centre, slopes[piece + 1].centre),
        (true, Kink::Outer) => slopes[if piece == 0 { 0 } else { piece + 1 }].centre,
        (true, Kink::Between(share)) => {
            let [left, right] = [piece, piece + 1].map(|piece| slopes[piece].centre);
            let of_right = nearest_f64(&share.exact());
            (1.0 - of_right) * left + of_right * right
        }
        (true, Kink::Left) | (false, _) => slopes[piece].centre,
    };
    // Constant pieces stay at the nearest kink.
    let own = slopes[piece];
    let rate = match own.centre {
        1.0 => s,
        0.0 => places[piece.min(places.len() - 1)].centre,
        c => c * s,
    };
    let (mut rate_error, mut slope_error) = ([Up::ZERO; 2], [Up::ZERO; 2]);
    let mut is_uncertain = false;
    for side in SIDES {
        let model = models[side];
        let m = Up::of(s) + e[0] + e[side];
        let mut near = Vec::new();
        for (k, place) in places.iter().enumerate() {
            let reach = e[0] + e[side] + place.error[0] + place.error[side];
            if reach != Up::ZERO && !Up::certainly_apart(s, place.centre, reach) {
                near.push(k);
            }
        }
        // The pieces that centre, exact value and evaluation can be on; σ is continuous, so their errors add up.
        let first = near.first().map_or(piece, |k| piece.min(*k));
        let last = near.last().map_or(piece, |k| piece.max(k + 1));
        let last = if on_kink { last.max(piece + 1) } else { last };
        for of in &slopes[first..=last] {
            let trivial = of.error[side] == Up::ZERO && (of.centre == 0.0 || of.centre == 1.0);
            let product = match trivial {
                true => Up::ZERO,
                false => of.error[side] * m + model.stored(2) * of.reach(side) * m + model.tiny,
            };
            rate_error[side] = rate_error[side].max(of.reach(side) * e[side]) + product;
            slope_error[side] = slope_error[side] + of.error[side];
        }
        for place in places {
            rate_error[side] = rate_error[side] + place.error[0] + place.error[side];
        }
        let roundings = match kink {
            Kink::Mean if on_kink => 2,
            // θ and 1 − θ are quotients of rounded numbers, and what θ is off in f64 is less than one rounding of any format.
            Kink::Between(_) if on_kink || !near.is_empty() => 10,
            Kink::Left
            | Kink::Right
            | Kink::Mean
            | Kink::Inner
            | Kink::Outer
            | Kink::Between(_) => 0,
        };
        for k in near {
            let jump = Up::of(slopes[k + 1].centre - slopes[k].centre);
            slope_error[side] = slope_error[side] + jump * (Up::ONE + Up::power(50));
            is_uncertain |= side == 1;
        }
        for of in [slopes[last], slopes[piece]] {
            slope_error[side] = slope_error[side] + model.stored(roundings) * of.reach(side);
        }
        if roundings > 2 {
            slope_error[side] = slope_error[side] + model.tiny + model.tiny;
        }
    }
    Fired { rate, rate_error, slope, slope_error, is_uncertain }
}
