//! Adam (Kingma & Ba 2015), and the clipping of a gradient by its norm.

const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const SMALL: f64 = 1e-8;

/// The moments of one list of parameters.
///
/// ```text
/// m ← .9 m + .1 g,  v ← .999 v + .001 g²,  w ← w − η (m/(1 − .9ᵏ)) / (√(v/(1 − .999ᵏ)) + 1e-8)
/// ```
///
/// ```
/// use creditcheck::simulate::tasks::Adam;
/// // The first step is η long, whatever the gradient.
/// let (mut adam, mut w) = (Adam::new(2, 0.5), [1.0, 1.0]);
/// adam.step(&mut w, &[3.0, -0.2]);
/// assert!((w[0] - 0.5).abs() < 1e-7 && (w[1] - 1.5).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f64,
    first: Vec<f64>,
    second: Vec<f64>,
    /// .9ᵏ and .999ᵏ, by multiplication: the same bits everywhere.
    decayed: (f64, f64),
}

impl Adam {
    /// For so many parameters, at rest.
    #[must_use]
    pub fn new(parameters: usize, rate: f64) -> Self {
        Self {
            rate,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
            decayed: (1.0, 1.0),
        }
    }

    /// One step down this gradient.
    pub fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.decayed = (self.decayed.0 * FIRST, self.decayed.1 * SECOND);
        let (first, second) = (1.0 - self.decayed.0, 1.0 - self.decayed.1);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((w, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = FIRST * *m + (1.0 - FIRST) * g;
            *v = SECOND * *v + (1.0 - SECOND) * g * g;
            *w -= self.rate * (*m / first) / ((*v / second).sqrt() + SMALL);
        }
    }
}

/// Shortens the lists, taken as one vector, to the longest norm that is allowed; shorter ones stay as they are. Gives the norm before.
pub fn clip(gradients: &mut [Vec<f64>], longest: f64) -> f64 {
    let norm = gradients.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
    if norm > longest {
        gradients.iter_mut().flatten().for_each(|g| *g *= longest / norm);
    }
    norm
}
