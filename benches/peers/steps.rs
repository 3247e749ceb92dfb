//! Training steps of both rules, and the products that a step cannot do without.

use std::hint::black_box;

use creditcheck::fast::{Float, backprop as bp, credit as rule};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::Work;
use crate::data::{Data, Format, LEARNING_RATE};

fn by_format(words: &[&str], in_f32: fn(&Data) -> Work, in_f64: fn(&Data) -> Work) -> Option<Work> {
    let [net, format] = words else { return None };
    let data = Data::named(net)?;
    match *format {
        "f32" => Some(in_f32(&data)),
        "f64" => Some(in_f64(&data)),
        _ => None,
    }
}

pub fn backprop(words: &[&str]) -> Option<Work> {
    by_format(words, backprop_in::<f32>, backprop_in::<f64>)
}

fn backprop_in<F: Format>(data: &Data) -> Work {
    let mut network = data.network::<F>();
    let (inputs, targets) = data.examples::<F>();
    let rate = F::of(LEARNING_RATE);
    let mut workspace = bp::Workspace::new(&network, data.batch).expect("a network");
    Box::new(move || {
        let (inputs, targets) = (black_box(inputs.as_ref()), black_box(targets.as_ref()));
        workspace.step(&mut network, inputs, targets, rate).expect("a step of backpropagation");
    })
}

pub fn credit(words: &[&str]) -> Option<Work> {
    by_format(words, credit_in::<f32>, credit_in::<f64>)
}

fn credit_in<F: Format>(data: &Data) -> Work {
    let mut network = data.network::<F>();
    let (inputs, targets) = data.examples::<F>();
    let rate = F::of(LEARNING_RATE);
    let mut workspace = rule::Workspace::new(&network, data.batch).expect("a network");
    Box::new(move || {
        let (inputs, targets) = (black_box(inputs.as_ref()), black_box(targets.as_ref()));
        workspace.step(&mut network, inputs, targets, rate).expect("a step of the credit rule");
    })
}

/// The step's own products alone, in its own panels and memory.
pub fn products_of_the_step(words: &[&str]) -> Option<Work> {
    by_format(words, own_products::<f32>, own_products::<f64>)
}

fn own_products<F: Format>(data: &Data) -> Work {
    let network = data.network::<F>();
    let (inputs, targets) = data.examples::<F>();
    let mut workspace = bp::Workspace::new(&network, data.batch).expect("a network");
    workspace.differentiate(&network, inputs.as_ref(), targets.as_ref()).expect("a gradient");
    Box::new(move || {
        workspace.products(&network, black_box(inputs.as_ref())).expect("products");
    })
}

/// dst ← left · right.
type Product<F> = fn(MatMut<'_, F>, MatRef<'_, F>, MatRef<'_, F>);

/// Which of the products of a step.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// W x
    Forward,
    /// Wᵀ δ, of all layers but the first
    Back,
    /// δ xᵀ
    Update,
}

/// Products of one step, each in memory of its own with padded columns: all of them, or one of one layer.
fn products<F: Format>(data: &Data, product: Product<F>, only: Option<(Part, usize)>) -> Work {
    let padded = |rows: usize, columns: usize| {
        let lines = rows.next_multiple_of(16) + 16;
        let stride = if lines >= 128 && lines.is_power_of_two() { lines + 16 } else { lines };
        Mat::from_fn(stride, columns, |i, j| F::of(((i * 7 + j * 3) % 16) as f64 / 16.0))
    };
    let (batch, widths) = (data.batch, data.widths.clone());
    let weights: Vec<Mat<F>> = widths.windows(2).map(|pair| padded(pair[1], pair[0])).collect();
    let mut updates = weights.clone();
    let mut rates: Vec<Mat<F>> = widths.iter().map(|width| padded(*width, batch)).collect();
    let mut deltas = rates.clone();
    let wanted = move |part, layer| only.is_none_or(|only| only == (part, layer));
    Box::new(move || {
        for l in 0..weights.len() {
            let (posts, pres) = (widths[l + 1], widths[l]);
            let weights = black_box(&weights[l]).subrows(0, posts);
            let (before, here) = rates.split_at_mut(l + 1);
            if wanted(Part::Forward, l + 1) {
                let net_input = here[0].as_mut().subrows_mut(0, posts);
                product(net_input, weights, before[l].subrows(0, pres));
            }
        }
        for l in (0..weights.len()).rev() {
            let (posts, pres) = (widths[l + 1], widths[l]);
            let (before, here) = deltas.split_at_mut(l + 1);
            let delta = here[0].subrows(0, posts);
            let rates = rates[l].subrows(0, pres).transpose();
            if wanted(Part::Update, l + 1) {
                product(updates[l].as_mut().subrows_mut(0, posts), delta, rates);
            }
            if l > 0 && wanted(Part::Back, l + 1) {
                let weights = weights[l].subrows(0, posts).transpose();
                product(before[l].as_mut().subrows_mut(0, pres), weights, delta);
            }
        }
    })
}

fn by_faer<F: Float>(dst: MatMut<'_, F>, left: MatRef<'_, F>, right: MatRef<'_, F>) {
    matmul(dst, Accum::Replace, left, right, F::from(1), Par::Seq);
}

pub fn products_by_faer(words: &[&str]) -> Option<Work> {
    let in_f32 = |data: &Data| products(data, by_faer::<f32>, None);
    by_format(words, in_f32, |data| products(data, by_faer::<f64>, None))
}

/// One product of one layer: NET/FORMAT/PART/LAYER.
pub fn part(words: &[&str]) -> Option<Work> {
    let [net, format, part, layer] = words else { return None };
    let part = match *part {
        "forward" => Part::Forward,
        "back" => Part::Back,
        "update" => Part::Update,
        _ => return None,
    };
    let (data, only) = (Data::named(net)?, Some((part, layer.parse().ok()?)));
    match *format {
        "f32" => Some(products(&data, by_faer::<f32>, only)),
        "f64" => Some(products(&data, by_faer::<f64>, only)),
        _ => None,
    }
}

pub fn by_gemm<F: Format>(dst: MatMut<'_, F>, left: MatRef<'_, F>, right: MatRef<'_, F>) {
    let (m, k, n) = (dst.nrows(), left.ncols(), dst.ncols());
    assert!(left.nrows() == m && right.nrows() == k && right.ncols() == n);
    // SAFETY: the views are valid for their shapes and strides, which fit, and `dst` is borrowed mutably.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_ptr_mut(),
            dst.col_stride(),
            dst.row_stride(),
            false,
            left.as_ptr(),
            left.col_stride(),
            left.row_stride(),
            right.as_ptr(),
            right.col_stride(),
            right.row_stride(),
            F::from(0),
            F::from(1),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

pub fn products_by_gemm(words: &[&str]) -> Option<Work> {
    let in_f32 = |data: &Data| products(data, by_gemm::<f32>, None);
    by_format(words, in_f32, |data| products(data, by_gemm::<f64>, None))
}
