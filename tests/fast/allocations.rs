//! No step takes memory: every allocation of the process goes through a counter, one per thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use creditcheck::fast::{Float, Function, Network, backprop, credit};

use super::nets::network;

/// The system's allocator, which counts what this thread asks of it.
struct Counting;

thread_local! {
    // Constant and without a destructor: reading it allocates nothing.
    static ASKED: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

/// So many bytes more are taken by a call that asks, or given back.
fn count(asks: usize, bytes: isize) {
    // A thread that is being taken down has no counter any more, and nobody who reads it.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + asks));
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call is handed on to the system's allocator unchanged; counting touches two numbers of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was asked for meanwhile, by this thread.
pub(super) fn asked<T>(run: impl FnOnce() -> T) -> usize {
    let before = ASKED.get();
    let result = run();
    let during = ASKED.get() - before;
    drop(result);
    during
}

/// How many bytes of this thread the result holds on to.
pub(super) fn held<T>(run: impl FnOnce() -> T) -> usize {
    let before = HELD.get();
    let result = run();
    let during = HELD.get() - before;
    drop(result);
    assert_eq!(HELD.get(), before, "what was made is not given back");
    during.unsigned_abs()
}

/// Without this the zeros below would prove nothing.
#[test]
fn the_counter_counts() {
    assert_eq!(asked(|| ()), 0);
    assert_eq!(asked(|| black_box(Box::new(1))), 1);
    assert_eq!(asked(|| black_box(vec![0u8; 1 << 20])), 1);
    assert_eq!(asked(|| black_box(faer::Mat::<f32>::zeros(3, 3))), 1);
    let mut grown: Vec<u8> = Vec::with_capacity(8);
    assert_eq!(asked(|| grown.reserve_exact(black_box(100))), 1);
    assert_eq!(held(|| vec![0u8; 1 << 20]), 1 << 20);
    assert_eq!(held(|| drop(black_box(vec![0u8; 1 << 20]))), 0);
    // Threads do not see each other: the spawning takes memory here, the vectors over there do not count.
    let boxes = || (0..1000).for_each(|n| drop(black_box(Box::new(n))));
    let spawn = || std::thread::spawn(move || asked(boxes));
    let here = asked(|| assert_eq!(spawn().join().unwrap(), 1000));
    assert!((1..1000).contains(&here), "{here}");
}

/// After one step everything is in place: credit step, backpropagation and prediction ask for nothing.
fn no_memory<F: Float>(widths: &[usize], batch: usize, activation: &Function<F>) {
    let start: Network<F> = network(widths, activation, 5);
    let (input, target) =
        (super::nets::matrix(widths[0], batch, 6), super::nets::matrix(10, batch, 7));
    let (input, target) = (input.as_ref(), target.as_ref());
    let rate = F::from(1) / F::count(1 << 12);
    let mut trained = start.clone();
    let mut workspace = credit::Workspace::new(&start, batch).unwrap();
    workspace.step(&mut trained, input, target, rate).unwrap();
    let what = format!("{widths:?} {activation:?} {}", F::NAME);
    let step = asked(|| workspace.step(&mut trained, input, target, rate).unwrap());
    assert_eq!(step, 0, "credit step, {what}");
    let predict = asked(|| workspace.predict(&trained, input).unwrap().ncols());
    assert_eq!(predict, 0, "predict, {what}");
    let parts = asked(|| {
        workspace.settle(&trained, input, target).unwrap();
        workspace.plasticity(input, rate).unwrap();
        workspace.apply(&mut trained).unwrap();
    });
    assert_eq!(parts, 0, "settle, plasticity, apply, {what}");
    let mut trained = start.clone();
    let mut workspace = backprop::Workspace::new(&start, batch).unwrap();
    workspace.step(&mut trained, input, target, rate).unwrap();
    let step = asked(|| workspace.step(&mut trained, input, target, rate).unwrap());
    assert_eq!(step, 0, "backpropagation step, {what}");
    let differentiate = asked(|| workspace.differentiate(&trained, input, target).unwrap());
    assert_eq!(differentiate, 0, "differentiate, {what}");
    assert!(trained.layers[0].weights != start.layers[0].weights, "nothing happened, {what}");
}

fn all<F: Float>() {
    for activation in [Function::Relu, Function::Tanh] {
        no_memory::<F>(&[64, 64, 64, 10], 32, &activation);
        no_memory::<F>(&[784, 128, 64, 10], 32, &activation);
        no_memory::<F>(&[784, 1024, 1024, 10], 256, &activation);
    }
}

#[test]
fn steps_take_no_memory_f64() {
    all::<f64>();
}

#[test]
fn steps_take_no_memory_f32() {
    all::<f32>();
}
