#!/usr/bin/env python3
"""Gradients of random small networks as frameworks give them, right ones and wrong ones by name: does `check` tell them apart?

    pip install numpy==2.4.6 torch==2.15.0 jax==0.10.2
    frameworks.py --count 60 --seed 1 --out DIR                        writes the corpus
    frameworks.py --count 60 --seed 1 --out DIR --binary BINARY        and has it judged
    frameworks.py --judge DIR --binary BINARY                          judges a corpus that is there
    frameworks.py --list                                               which mistakes there are, and what each does

A campaign, run by hand. DIR holds, for N = 0, 1, …:

    case_N.json                       a layered network with its examples, in creditcheck/case/1
    right_N_ENGINE-NUMBER.json        its gradient by numpy, PyTorch and JAX in f32 and f64, each with its sums in several orders
    wrong_N_MISTAKE.json              a gradient with one mistake, computed in floats from the start or made of an engine's right one
    index.json                        what each file is: case, engine, number, mistake, place, and how far it is from the reference

Beside the engines' gradients, two files each from numpy: `numpy-whole` with the loss and the derivatives at the inputs, `numpy-update`
as an update. The reference is numpy in long double, and decides two things only: a mistake that cannot be seen in a case (less than `SEEN`
of its block) is not planted there, and how far a right gradient is from it stands in the index. No case has a net input on a kink.
The same seed gives the same cases; the last bits of a gradient depend on versions and processor.

With --binary: a right gradient that ends with 1 or 2 is a false alarm, a wrong one that ends with 0 was accepted. Both are listed, and make
this program end with 1. Ends with 3 (nothing live, or a bound without power) are counted, with their reason. "named" counts the wrong ones
for which some known mistake was printed, and the lines below say which; "stopped" those for which the search for one ran out of work.
Every answer stands in DIR/judged.json.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np

SEEN = {"f64": 1e-7, "f32": 1e-2}  # of the largest entry of a block
NUMPY = {"f32": np.float32, "f64": np.float64, "long": np.longdouble}
ACTIVATIONS = {
    "relu": 5, "tanh": 5, "logistic": 4, "softplus": 3, "softsign": 3, "leaky_relu": 2, "hard_tanh": 2, "identity": 2, "quadratic": 1,
    "cubic": 1, "square": 1, "elu_rational": 1,
}  # fmt: skip
KINKS = {"relu": [0], "leaky_relu": [0], "hard_tanh": [-1, 1]}


# ---------------------------------------------------------------- cases


def name_of(activation):
    return activation if isinstance(activation, str) else activation["name"]


def draw_case(rng, number):
    """A case whose weights and examples are f32 or f64 values, or short fractions."""
    family = rng.choice(["f32", "f32", "f64", "f64", "short"])
    spread = rng.choice([1.0, 1.0, 1.0, 0.25, 4.0])

    def value(scale):
        if family == "short":
            return str(Fraction(rng.randint(-16, 16), 8))
        drawn = NUMPY[family](rng.gauss(0, scale))
        return float(drawn).hex() if rng.random() < 0.5 else str(Fraction(float(drawn)))

    def activation(is_last):
        names = list(ACTIVATIONS)
        name = rng.choices(names, [ACTIVATIONS[name] for name in names])[0]
        if is_last and rng.random() < 0.5:
            return "identity"
        if name == "leaky_relu":
            return {"name": name, "slope": rng.choice(["1/100", "1/4", "1/10"])}
        return name

    depth = rng.choice([1, 2, 2, 3, 3, 4])
    width = rng.randint(2, 5)
    square = rng.random() < 0.5
    widths = [width if square and rng.random() < 0.8 else rng.randint(1, 5) for _ in range(depth + 1)]
    same = activation(False) if rng.random() < 0.4 else None
    layers = []
    for l, (pre, post) in enumerate(zip(widths, widths[1:])):
        layer = {"weights": [[value(spread / pre**0.5) for _ in range(pre)] for _ in range(post)]}
        if rng.random() < 0.85:
            layer["biases"] = [value(0.5 * spread) for _ in range(post)]
        layer["activation"] = same if same and l < depth - 1 else activation(l == depth - 1)
        layers.append(layer)
    examples = [
        {"input": [value(1.0) for _ in range(widths[0])], "target": [value(1.0) for _ in range(widths[-1])]}
        for _ in range(rng.choice([1, 2, 3, 3, 4]))
    ]
    return {
        "format": "creditcheck/case/1",
        "name": f"frameworks-{number}",
        "network": {"kind": "layered", "layers": layers},
        "loss": "half_squared_error",
        "learning_rate": rng.choice(["1/10", "1/2", "1/100", "1", "2/3"]),
        "examples": examples,
    }


class Net:
    """The numbers of a case in one format."""

    def __init__(self, case, number):
        self.number, self.dtype = number, NUMPY[number]
        parse = lambda text: Fraction(float.fromhex(text)) if "x" in text else Fraction(text)
        # A fraction is rounded once; long double has room for every numerator and denominator that is drawn.
        near = lambda text: self.dtype(np.longdouble(parse(text).numerator) / np.longdouble(parse(text).denominator))
        array = lambda nested: np.array(nested, dtype=self.dtype)
        rows = lambda table: array([[near(v) for v in row] for row in table])
        layers = case["network"]["layers"]
        self.weights = [rows(layer["weights"]) for layer in layers]
        self.biases = [array([near(v) for v in layer["biases"]]) if "biases" in layer else None for layer in layers]
        self.activations = [layer["activation"] for layer in layers]
        self.x, self.t = rows([e["input"] for e in case["examples"]]), rows([e["target"] for e in case["examples"]])
        self.rate = near(case["learning_rate"])

    def moved(self, step, by):
        """The same network elsewhere: parameters + by × step."""
        other = object.__new__(Net)
        other.__dict__ = dict(self.__dict__)
        other.weights = [w + by * g for w, (g, _) in zip(self.weights, step)]
        other.biases = [b if b is None else b + by * g for b, (_, g) in zip(self.biases, step)]
        return other


# ---------------------------------------------------------------- numpy, by hand


def fire(activation, s):
    one, name = s.dtype.type(1), name_of(activation)
    match name:
        case "identity":
            return s
        case "relu":
            return np.maximum(s, 0)
        case "leaky_relu":
            return np.where(s > 0, s, s * s.dtype.type(float(Fraction(activation["slope"]))))
        case "hard_tanh":
            return np.clip(s, -one, one)
        case "square":
            return s * s
        case "quadratic":
            return s + s * s
        case "cubic":
            return s - s * s * s / 3
        case "softsign":
            return s / (one + np.abs(s))
        case "elu_rational":
            return np.where(s > 0, s, s / (one - np.minimum(s, 0)))
        case "tanh":
            return np.tanh(s)
        case "logistic":
            return one / (one + np.exp(-s))
        case "softplus":
            return np.logaddexp(s, 0 * s)
    raise ValueError(name)


def slope(activation, s):
    one, name = s.dtype.type(1), name_of(activation)
    match name:
        case "identity":
            return np.ones_like(s)
        case "relu":
            return (s > 0).astype(s.dtype)
        case "leaky_relu":
            return np.where(s > 0, one, s.dtype.type(float(Fraction(activation["slope"]))))
        case "hard_tanh":
            return ((s > -1) & (s < 1)).astype(s.dtype)
        case "square":
            return s + s
        case "quadratic":
            return one + s + s
        case "cubic":
            return one - s * s
        case "softsign":
            return (one / (one + np.abs(s))) ** 2
        case "elu_rational":
            return np.where(s > 0, one, (one / (one - np.minimum(s, 0))) ** 2)
        case "tanh":
            return one - np.tanh(s) ** 2
        case "logistic":
            x = fire("logistic", s)
            return x * (one - x)
        case "softplus":
            return fire("logistic", s)
    raise ValueError(name)


def forward(net, x):
    sums, rates = [], [x]
    for w, b, activation in zip(net.weights, net.biases, net.activations):
        sums.append(rates[-1] @ w.T if b is None else rates[-1] @ w.T + b)
        rates.append(fire(activation, sums[-1]))
    return sums, rates


def backprop(net, slopes=None, feedback=None, targets=None, biases=None, inputs=None, passed=None):
    """The gradient, [(weights, biases or None), …]; with a hook in place of one of its parts, that of a mistake.

    slopes(l, sums, rates): σ' of layer l. feedback(l, weights, gradient): what credit goes back through. biases(delta): a layer's sum.
    passed(l, delta, adjoint): what goes back to the layer before. A list `inputs` is given the derivatives of each example's own loss at
    its inputs.
    """
    slopes = slopes or (lambda l, sums, rates: slope(net.activations[l], sums[l]))
    feedback = feedback or (lambda l, w, g: w)
    biases = biases or (lambda delta: delta.sum(axis=0))
    sums, rates = forward(net, net.x)
    adjoint, found = (rates[-1] - (net.t if targets is None else targets)) / net.dtype(len(net.x)), []
    for l in reversed(range(len(net.weights))):
        delta = adjoint * slopes(l, sums, rates)
        gradient = delta.T @ rates[l]
        found.append((gradient, None if net.biases[l] is None else biases(delta)))
        adjoint = (passed(l, delta, adjoint) if passed else delta) @ feedback(l, net.weights[l], gradient)
    if inputs is not None:
        inputs.extend(adjoint * net.dtype(len(net.x)))
    return found[::-1]


def numpy_batched(net):
    return backprop(net)


def numpy_looped(net, order=1):
    """Example by example, the division last; with order −1 from the last example and the last term on, the division first."""
    size, total = net.dtype(len(net.x)), None

    def product(matrix, vector):
        sums = []
        for row in matrix:
            s = net.dtype(0)
            for a, b in list(zip(row, vector))[::order]:
                s = s + a * b
            sums.append(s)
        return np.array(sums, dtype=net.dtype)

    for x, t in list(zip(net.x, net.t))[::order]:
        sums, rates = [], [x]
        for w, b, activation in zip(net.weights, net.biases, net.activations):
            sums.append(product(w, rates[-1]) if b is None else product(w, rates[-1]) + b)
            rates.append(fire(activation, sums[-1]))
        adjoint, found = rates[-1] - t, []
        adjoint = adjoint / size if order < 0 else adjoint
        for l in reversed(range(len(net.weights))):
            delta = adjoint * slope(net.activations[l], sums[l])
            found.append((np.outer(delta, rates[l]), None if net.biases[l] is None else delta))
            adjoint = product(net.weights[l].T, delta)
        found = found[::-1]
        add = lambda a, b: None if a is None else a + b
        total = found if total is None else [(add(w, gw), add(b, gb)) for (w, b), (gw, gb) in zip(total, found)]
    return total if order < 0 else each(total, lambda g: g / size)


def numpy_reversed(net):
    return numpy_looped(net, -1)


# ---------------------------------------------------------------- PyTorch


def torch_fire(activation, s):
    import torch
    import torch.nn.functional as F

    match name_of(activation):
        case "identity":
            return s
        case "leaky_relu":
            return F.leaky_relu(s, float(Fraction(activation["slope"])))
        case "square":
            return s**2
        case "quadratic":
            return s + s**2
        case "cubic":
            return s - s**3 / 3
        case "elu_rational":
            return torch.where(s > 0, s, s / (1 - torch.clamp(s, max=0)))
        case name:
            return {"relu": F.relu, "hard_tanh": F.hardtanh, "softsign": F.softsign, "tanh": torch.tanh,
                    "logistic": torch.sigmoid, "softplus": F.softplus}[name](s)  # fmt: skip


def by_torch(net, backward):
    """`backward(outputs, x, t)` calls .backward() as often as it likes."""
    import torch

    torch.set_num_threads(1)
    tensor = lambda a, live: None if a is None else torch.tensor(a, requires_grad=live)
    parts = [(tensor(w, True), tensor(b, True)) for w, b in zip(net.weights, net.biases)]

    def outputs(x):
        for (w, b), activation in zip(parts, net.activations):
            x = torch_fire(activation, torch.nn.functional.linear(x, w, b))
        return x

    backward(outputs, tensor(net.x, False), tensor(net.t, False))
    grad = lambda part: None if part is None else part.grad.numpy()
    return [(grad(w), grad(b)) for w, b in parts]


def torch_batched(net):
    return by_torch(net, lambda f, x, t: (0.5 * ((f(x) - t) ** 2).sum(dim=1).mean()).backward())


def torch_looped(net):
    def backward(f, x, t):
        for one, target in zip(x, t):
            (((f(one) - target) ** 2).sum() / (2 * len(x))).backward()

    return by_torch(net, backward)


def torch_mse(net):
    """The loss that people have, with the factor that makes it ours."""
    import torch.nn.functional as F

    return by_torch(net, lambda f, x, t: (F.mse_loss(f(x), t) * (t.shape[1] / 2)).backward())


# ---------------------------------------------------------------- JAX


def jax_fire(activation, s):
    import jax
    import jax.numpy as jnp

    match name_of(activation):
        case "identity":
            return s
        case "leaky_relu":
            return jax.nn.leaky_relu(s, float(Fraction(activation["slope"])))
        case "square":
            return s**2
        case "quadratic":
            return s + s**2
        case "cubic":
            return s - s**3 / 3
        case "elu_rational":
            return jnp.where(s > 0, s, s / (1 - jnp.minimum(s, 0)))
        case name:
            return {"relu": jax.nn.relu, "hard_tanh": jax.nn.hard_tanh, "softsign": jax.nn.soft_sign, "tanh": jnp.tanh,
                    "logistic": jax.nn.sigmoid, "softplus": jax.nn.softplus}[name](s)  # fmt: skip


def jax_parts(net):
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    import jax.numpy as jnp

    def loss(parts, x, t):
        for (w, b), activation in zip(parts, net.activations):
            x = jax_fire(activation, x @ w.T if b is None else x @ w.T + b)
        return 0.5 * ((x - t) ** 2).sum(axis=-1)

    parts = [(jnp.asarray(w), None if b is None else jnp.asarray(b)) for w, b in zip(net.weights, net.biases)]
    return jax, loss, parts, jnp.asarray(net.x), jnp.asarray(net.t)


def jax_jit(net):
    jax, loss, parts, x, t = jax_parts(net)
    return each(jax.jit(jax.grad(lambda *data: loss(*data).mean()))(parts, x, t), np.asarray)


def jax_vmap(net):
    jax, loss, parts, x, t = jax_parts(net)
    found = jax.jit(jax.vmap(jax.grad(loss), in_axes=(None, 0, 0)))(parts, x, t)
    return each(found, lambda g: np.asarray(g.mean(axis=0)))


ENGINES = {
    "numpy-batched": numpy_batched, "numpy-looped": numpy_looped, "numpy-reversed": numpy_reversed, "torch-batched": torch_batched,
    "torch-looped": torch_looped, "torch-mse": torch_mse, "jax-jit": jax_jit, "jax-vmap": jax_vmap,
}  # fmt: skip


# ---------------------------------------------------------------- mistakes


def each(gradient, change):
    return [(change(w), None if b is None else change(b)) for w, b in gradient]


def blocks(gradient):
    """(layer, 0 for weights and 1 for biases) -> entries."""
    return {(l, kind): part for l, layer in enumerate(gradient) for kind, part in enumerate(layer) if part is not None}


def put(gradient, changed):
    """The same gradient with some blocks replaced."""
    return [tuple(changed.get((l, kind), part) for kind, part in enumerate(layer)) for l, layer in enumerate(gradient)]


def layer_places(net):
    """Each layer alone, and all."""
    return [*range(len(net.weights)), None] if len(net.weights) > 1 else [None]


def block_places(net):
    """Each block alone, and the two of a layer."""
    singles = [[block] for block in blocks(list(zip(net.weights, net.biases)))]
    return singles + [[(l, 0), (l, 1)] for l, b in enumerate(net.biases) if b is not None and len(net.weights) > 1]


def square_places(net):
    return [l for l, w in enumerate(net.weights) if w.shape[0] == w.shape[1] > 1]


def neighbours(net, fit):
    pairs = [(l, m) for l in range(len(net.weights)) for m in (l - 1, l + 1) if 0 <= m < len(net.weights)]
    return [(l, m) for l, m in pairs if fit(l, m)]


def swaps(net):
    shapes = [w.shape for w in net.weights]
    return [(l, m) for l in range(len(shapes)) for m in range(l) if shapes[l] == shapes[m]]


def with_slope(net, place, wrong):
    """Backpropagation with `wrong(l, sums, rates)` for σ' in one layer, or in all."""
    right = lambda l, sums: slope(net.activations[l], sums[l])
    return backprop(net, slopes=lambda l, sums, rates: wrong(l, sums, rates) if place in (l, None) else right(l, sums))


def slopes_of_neighbour(net, place):
    return with_slope(net, place[0], lambda l, sums, rates: slope(net.activations[place[1]], sums[place[1]]))


def slope_function_of_neighbour(net, place):
    return with_slope(net, place[0], lambda l, sums, rates: slope(net.activations[place[1]], sums[l]))


def one_step_before(net):
    """The gradient g of the weights from which a step of it led to these, g = ∇L(W + ηg); nothing finite where that is not found."""
    found = backprop(net)
    for _ in range(100):
        found, last = backprop(net.moved(found, net.rate)), found
    far = distance(found, last)
    is_found = far is not None and far < 64 * np.finfo(net.dtype).eps
    return found if is_found else each(found, lambda part: part * net.dtype(np.nan))


def limits(largest):
    """Where people clip, as far as it does something."""
    return [limit for limit in (5.0, 1.0, 0.5, 0.1, 0.01) if limit < 0.9 * largest][:2]


def norm(gradient):
    return np.sqrt(sum((part**2).sum() for part in blocks(gradient).values()))


def largest(gradient):
    return max(np.abs(part).max() for part in blocks(gradient).values())


def scaled(factor):
    return lambda net, g, place: each(g, lambda part: part * net.dtype(factor(net)))


class Mistake:
    """What it does; where it can be done, for a network and its gradient; and the doing: `planted(net, place)` computes from the
    start, `made(net, gradient, place)` changes a right gradient."""

    def __init__(self, text, places=lambda net, g: [None], planted=None, made=None):
        self.text, self.places, self.planted, self.made = text, places, planted, made


WHOLE = [None]
BATCH = lambda net, g: WHOLE if len(net.x) > 1 else []
MISTAKES = {
    "value-for-slope": Mistake(
        "σ(s) in place of σ'(s), in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: with_slope(net, place, lambda l, sums, rates: rates[l + 1])),
    "slope-at-output": Mistake(
        "σ' taken at the rate, σ'(σ(s)), in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: with_slope(net, place, lambda l, sums, rates: slope(net.activations[l], rates[l + 1]))),
    "slope-left-out": Mistake(
        "1 in place of σ'(s), in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: with_slope(net, place, lambda l, sums, rates: np.ones_like(sums[l]))),
    "slope-function-of-neighbour": Mistake(
        "σ' of the neighbouring layer's function, at the layer's own net inputs",
        lambda net, g: neighbours(net, lambda l, m: net.activations[l] != net.activations[m]), planted=slope_function_of_neighbour),
    "slopes-of-neighbour": Mistake(
        "the slopes of the neighbouring layer, of the same width",
        lambda net, g: neighbours(net, lambda l, m: len(net.weights[l]) == len(net.weights[m])), planted=slopes_of_neighbour),
    "slope-of-relu": Mistake(
        "the slope of ReLU in place of σ'(s), in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: with_slope(net, place, lambda l, sums, rates: slope("relu", sums[l]))),
    "slope-of-logistic": Mistake(
        "x (1 - x) in place of σ'(s), in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: with_slope(net, place, lambda l, sums, rates: rates[l + 1] * (1 - rates[l + 1]))),
    "error-passed-on": Mistake(
        "credit leaves a layer without its slope, in one layer or in all", lambda net, g: layer_places(net),
        planted=lambda net, place: backprop(net, passed=lambda l, delta, adjoint: adjoint if place in (l, None) else delta)),
    "updated-early": Mistake(
        "the weights of a layer are updated before credit passes through them",
        planted=lambda net, place: backprop(net, feedback=lambda l, w, g: w - net.rate * g)),
    "feedback-not-transposed": Mistake(
        "credit passes through W of a square layer, not its transpose", lambda net, g: [l for l in square_places(net) if l > 0],
        planted=lambda net, place: backprop(net, feedback=lambda l, w, g: w.T if l == place else w)),
    "one-over-batch-twice": Mistake(
        "1/B twice in one block, or in both of a layer", lambda net, g: block_places(net) if len(net.x) > 1 else [],
        made=lambda net, g, place: put(g, {block: blocks(g)[block] / net.dtype(len(net.x)) for block in place})),
    "bias-sum-broadcast": Mistake(
        "the bias gradient is the sum over examples and neurons, the same for every neuron",
        planted=lambda net, place: backprop(net, biases=lambda delta: np.full_like(delta[0], delta.sum()))),
    "transposed": Mistake(
        "the gradient of a square layer's weights is transposed", lambda net, g: square_places(net),
        made=lambda net, g, place: put(g, {(place, 0): g[place][0].T})),
    "layers-reversed": Mistake(
        "the layers are listed from the last to the first, where shapes allow it",
        lambda net, g: WHOLE if [b.shape for b in blocks(g).values()] == [b.shape for b in blocks(g[::-1]).values()] else [],
        made=lambda net, g, place: g[::-1]),
    "blocks-swapped": Mistake(
        "the weight blocks of two layers are swapped", lambda net, g: swaps(net),
        made=lambda net, g, place: put(g, {(place[0], 0): g[place[1]][0], (place[1], 0): g[place[0]][0]})),
    "stale": Mistake(
        "the gradient of the weights as they were one step before",
        planted=lambda net, place: one_step_before(net)),
    "other-example-order": Mistake(
        "the targets are in another order than the inputs", BATCH,
        planted=lambda net, place: backprop(net, targets=np.roll(net.t, 1, axis=0))),
    "frozen": Mistake(
        "one block, or both of a layer, left at zero", lambda net, g: block_places(net),
        made=lambda net, g, place: put(g, {block: np.zeros_like(blocks(g)[block]) for block in place})),
    "clipped-by-norm": Mistake(
        "the whole gradient scaled down to a norm of 5, 1, ½, 0.1 or 0.01", lambda net, g: limits(norm(g)),
        made=lambda net, g, place: each(g, lambda part: part * (net.dtype(place) / norm(g)))),
    "clipped-by-value": Mistake(
        "every entry clipped to ± 5, 1, ½, 0.1 or 0.01", lambda net, g: limits(largest(g)),
        made=lambda net, g, place: each(g, lambda part: np.clip(part, -net.dtype(place), net.dtype(place)))),
    "factor-2": Mistake("twice the gradient: a loss without its ½", made=scaled(lambda net: 2)),
    "factor-2-over-K": Mistake(
        "2/K times the gradient: the mean over outputs, without ½", lambda net, g: WHOLE if net.t.shape[1] != 2 else [],
        made=scaled(lambda net: 2 / net.t.shape[1])),
    "factor-minus-1": Mistake("the other sign", made=scaled(lambda net: -1)),
    "factor-B": Mistake("B times the gradient: the sum over examples", BATCH, made=scaled(lambda net: len(net.x))),
    "factor-1-over-B": Mistake("the gradient divided by B once more", BATCH, made=scaled(lambda net: 1 / len(net.x))),
}  # fmt: skip


def words(place):
    """A place, for people: layers count from 1."""
    block = lambda b: f"{('weights', 'biases')[b[1]]} of layer {b[0] + 1}"
    match place:
        case None:
            return "everywhere"
        case float():
            return f"at {place:g}"
        case int():
            return f"layer {place + 1}"
        case list():
            return " and ".join(map(block, place))
    return f"layers {place[0] + 1} and {place[1] + 1}"


# ---------------------------------------------------------------- the corpus


def distance(gradient, reference):
    """The largest difference, as a share of its block's largest entry; None if something is not finite."""
    worst = 0.0
    for block, right in blocks(reference).items():
        theirs = blocks(gradient)[block].astype(np.longdouble)
        if not np.isfinite(theirs).all():
            return None
        size = max(np.abs(right).max(), np.abs(theirs).max())
        if size > 0:
            worst = max(worst, float(np.abs(theirs - right).max() / size))
    return worst


def text(value):
    return float(value).hex()


def document(gradient, number, **fields):
    layers = []
    for w, b in gradient:
        layer = {"weights": [[text(v) for v in row] for row in w]}
        if b is not None:
            layer["biases"] = [text(v) for v in b]
        layers.append(layer)
    return {"format": "creditcheck/gradient/1", "number": number, "quantity": "gradient", "layers": layers} | fields


def by_hand(net):
    """The two other documents of a right gradient."""
    rows = []
    gradient = backprop(net, inputs=rows)
    error = forward(net, net.x)[1][-1] - net.t
    loss = (error * error).sum() / net.dtype(2 * len(net.x))
    yield "numpy-whole", document(gradient, net.number, loss=text(loss), inputs=[[text(v) for v in row] for row in rows])
    yield "numpy-update", document(each(gradient, lambda g: -net.rate * g), net.number, quantity="update")


def on_kink(net):
    sums, _ = forward(net, net.x)
    near = lambda s, kink: np.abs(s - kink).min() < 1e-12
    return any(near(s, kink) for s, a in zip(sums, net.activations) for kink in KINKS.get(name_of(a), []))


def draw(seed, number):
    """A case off its kinks whose numbers stay small, in each format, and the reference gradient."""
    for attempt in range(1000):
        rng = random.Random(f"{seed}/{number}/{attempt}")
        case = draw_case(rng, number)
        nets = {name: Net(case, name) for name in NUMPY}
        if on_kink(nets["long"]) or max(np.abs(s).max() for s in forward(nets["long"], nets["long"].x)[0]) > 1e3:
            continue
        return rng, case, nets, backprop(nets["long"])
    raise RuntimeError("no case in 1000 attempts")


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return name


def corpus(folder, seed, count):
    """Writes everything; returns the index."""
    import jax
    import torch

    np.seterr(all="ignore")  # a saturated exp overflows, and is right; what is not finite is not planted
    files, hidden = [], collections.Counter()
    for number in range(count):
        rng, case, nets, reference = draw(seed, number)
        case_file = write(folder, f"case_{number}.json", case)
        rights = {}
        for engine, run in ENGINES.items():
            for kind in ("f32", "f64"):
                gradient = run(nets[kind])
                assert all(part.dtype == NUMPY[kind] for part in blocks(gradient).values()), (engine, kind)
                rights[engine, kind] = gradient
                name = write(folder, f"right_{number}_{engine}-{kind}.json", document(gradient, kind))
                far = distance(gradient, reference)
                files.append({"file": name, "case": case_file, "is": "right", "engine": engine, "number": kind, "distance": far})
        for kind in ("f32", "f64"):
            far = distance(rights["numpy-batched", kind], reference)
            for engine, written in by_hand(nets[kind]):
                name = write(folder, f"right_{number}_{engine}-{kind}.json", written)
                files.append({"file": name, "case": case_file, "is": "right", "engine": engine, "number": kind, "distance": far})
        for title, mistake in MISTAKES.items():
            kind = rng.choice(["f32", "f64"])
            net, engine = nets[kind], rng.choice(list(ENGINES))
            source = rights[engine, kind] if mistake.made else rights["numpy-batched", kind]
            places = list(mistake.places(net, source))
            rng.shuffle(places)
            for place in places:
                gradient = mistake.made(net, source, place) if mistake.made else mistake.planted(net, place)
                far = distance(gradient, reference)
                if far is None or far < SEEN[kind]:
                    continue
                name = write(folder, f"wrong_{number}_{title}.json", document(gradient, kind))
                files.append({"file": name, "case": case_file, "is": "wrong", "mistake": title, "place": words(place),
                              "engine": engine if mistake.made else "numpy", "number": kind, "distance": far})  # fmt: skip
                break
            else:
                hidden[title] += 1
    versions = {"numpy": np.__version__, "torch": torch.__version__, "jax": jax.__version__, "python": sys.version.split()[0]}
    index = {"seed": seed, "count": count, "versions": versions, "not planted": dict(hidden), "files": files}
    write(folder, "index.json", index)
    return index


# ---------------------------------------------------------------- judging


STOPPED = "the search for known mistakes stopped"


def judge(binary, folder, entry):
    """The entry with the exit code, the sentences that name a mistake, and the verdict with its reason or the error."""
    command = [binary, "check", str(folder / entry["case"]), str(folder / entry["file"]), "--format", "json", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    try:
        said = json.loads(run.stdout)
        sentences, verdict = said.get("diagnosis", []), f"{said.get('verdict')}: {said.get('reason') or ''}".strip(": ")
    except json.JSONDecodeError:
        sentences, verdict = [], (run.stderr.strip() or run.stdout.strip()).replace("\n", " ")[:300]
    named = [sentence for sentence in sentences if not sentence.startswith(STOPPED)]
    return entry | {"exit": run.returncode, "named": named, "stopped": len(named) < len(sentences), "verdict": verdict}


def report(binary, folder, index):
    """Prints both tables and what is wrong; True if nothing is."""
    judged = [judge(binary, folder, entry) for entry in index["files"]]
    write(folder, "judged.json", judged)
    codes = lambda some, *order: "".join(f" {sum(entry['exit'] == code for entry in some):6}" for code in order)
    group = lambda which, key: {k: [e for e in judged if e["is"] == which and key(e) == k]
                                for k in dict.fromkeys(key(e) for e in judged if e["is"] == which)}  # fmt: skip
    print(f"{'right':28} exit 0      1      2      3")
    for title, some in group("right", lambda e: f"{e['engine']} {e['number']}").items():
        print(f"{title:27}" + codes(some, 0, 1, 2, 3))
    print(f"\n{'wrong':28} exit 1      0      2      3  named stopped")
    for title, some in group("wrong", lambda e: e["mistake"]).items():
        named, stopped = (sum(bool(entry[field]) for entry in some) for field in ("named", "stopped"))
        print(f"{title:27}" + codes(some, 1, 0, 2, 3) + f" {named:6} {stopped:7}")
        for sentence, times in collections.Counter(line for entry in some for line in entry["named"]).most_common(4):
            print(f"    {times} × {sentence}")
    unchecked = collections.Counter(f"{entry['is']}: {entry['verdict']}" for entry in judged if entry["exit"] == 3)
    print("\nexit 3:" if unchecked else "")
    for verdict, times in unchecked.most_common():
        print(f"    {times} × {verdict}")
    good = {"right": (0, 3), "wrong": (1, 3)}
    findings = [entry for entry in judged if entry["exit"] not in good[entry["is"]]]
    for e in findings:
        what = f"{e['engine'] if e['is'] == 'right' else e['place']}, {e['number']}, {e['distance']:.2g} from the reference"
        print(f"{e['is']}, exit {e['exit']}: {e['file']} ({what}): {e['verdict']} {e['named']}")
    print(f"{len(judged)} judged, {len(findings)} findings")
    return not findings and bool(judged)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", metavar="DIR", type=pathlib.Path, help="where the corpus is written")
    parser.add_argument("--judge", metavar="DIR", type=pathlib.Path, help="a corpus that is there, in place of --out")
    parser.add_argument("--binary", help="creditcheck, to judge the corpus")
    parser.add_argument("--list", action="store_true", help="the mistakes")
    options = parser.parse_args()
    if options.list:
        for title, mistake in MISTAKES.items():
            print(f"{title:28} {mistake.text}")
        return 0
    if not (options.out or options.judge and options.binary):
        parser.error("--out DIR, or --judge DIR with --binary")
    if options.judge:
        folder, index = options.judge, json.loads((options.judge / "index.json").read_text(encoding="utf-8"))
    else:
        folder = options.out
        folder.mkdir(parents=True, exist_ok=True)
        index = corpus(folder, options.seed, options.count)
        rights = [entry for entry in index["files"] if entry["is"] == "right"]
        print(f"{index['count']} cases, {len(rights)} right, {len(index['files']) - len(rights)} wrong; {index['versions']}")
        for kind in ("f32", "f64"):
            far = [entry["distance"] for entry in rights if entry["number"] == kind]
            print(f"right {kind}: at most {max(far):.2g} of a block's largest entry from long double")
    return 0 if not options.binary or report(options.binary, folder, index) else 1


if __name__ == "__main__":
    sys.exit(main())
