#!/usr/bin/env python3
"""The gradients that public reports are about, with small numbers of our own: fixtures/reports.

    pip install numpy==2.4.6
    reports.py --write         writes fixtures/reports/NAME/*.json
    reports.py --check         says which of them differ from what it would write, by more than another library's last digits

Each report has a case and gradients as somebody's program computed them: in floats, by numpy, written from what the report says and not from our engines.
The right ones come from the same code without the mistake. `fixtures/reports/README.md` has the sources; `tests/reports.rs` says what `check` answers.
"""

import argparse
import json
import pathlib
import sys
from fractions import Fraction

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "reports"
FORMAT = {"f64": np.float64, "f32": np.float32}


def text(x):
    return str(Fraction(float(x)))


def array(rows, number):
    return np.array([[float(Fraction(x)) for x in row] for row in rows]).astype(FORMAT[number])


# ---------------------------------------------------------------- functions, with slopes as people write them: of the net input and of the rate


def logistic(s):
    return 1 / (1 + np.exp(-s))


FUNCTIONS = {
    "identity": (lambda s: s, lambda s, z: np.ones_like(s)),
    "relu": (lambda s: np.maximum(s, 0), lambda s, z: (s > 0).astype(s.dtype)),
    "leaky_relu": (lambda s: np.where(s > 0, s, s / 8), lambda s, z: np.where(s > 0, 1, 1 / 8).astype(s.dtype)),
    "relu6": (lambda s: np.clip(s, 0, 6), lambda s, z: ((s > 0) & (s < 6)).astype(s.dtype)),
    "hard_tanh": (lambda s: np.clip(s, -1, 1), lambda s, z: ((s > -1) & (s < 1)).astype(s.dtype)),
    "tanh": (np.tanh, lambda s, z: 1 - z * z),
    "logistic": (logistic, lambda s, z: z * (1 - z)),
    "softsign": (lambda s: s / (1 + abs(s)), lambda s, z: 1 / np.square(1 + abs(s))),
}
IN_A_CASE = {"leaky_relu": {"name": "leaky_relu", "slope": "1/8"}, "relu6": {"name": "hard_tanh", "min": "0", "max": "6"}}


class Layers:
    """A feed-forward network: weights [post][pre], biases, functions; and its examples."""

    def __init__(self, number, functions, weights, biases, inputs, targets, eta="1", **more):
        self.number, self.functions, self.eta, self.more = number, functions, eta, more
        self.w = [array(w, number) for w in weights]
        self.b = [array([b], number)[0] for b in biases]
        self.x, self.t = array(inputs, number), array(targets, number)

    def case(self, name):
        layers = [
            {"weights": [[text(v) for v in row] for row in w], "biases": [text(v) for v in b], "activation": IN_A_CASE.get(f, f)}
            for w, b, f in zip(self.w, self.b, self.functions)
        ]
        examples = [{"input": [text(v) for v in x], "target": [text(v) for v in t]} for x, t in zip(self.x, self.t)]
        network = {"kind": "layered", "layers": layers}
        return dressed(name, network, self.eta, examples, **self.more)

    def forward(self):
        s, z = [], [self.x]
        for w, b, f in zip(self.w, self.b, self.functions):
            s.append(z[-1] @ w.T + b)
            z.append(FUNCTIONS[f][0](s[-1]))
        return s, z

    def backward(self, slope=None, passed=None, back=None, weights=None, biases=None, error=None):
        """Every step of it can be somebody's own: σ′, what is passed on, the matrix it goes back through, sums over the batch, the error."""
        slope = slope or (lambda l, s, z: FUNCTIONS[self.functions[l]][1](s, z))
        back = back or (lambda l, gradient: self.w[l])
        weights = weights or (lambda delta, x: delta.T @ x / len(x))
        biases = biases or (lambda delta, x: delta.sum(0) / len(x))
        s, z = self.forward()
        c = error(z[-1], self.t) if error else z[-1] - self.t
        found = [None] * len(s)
        for l in reversed(range(len(s))):
            delta = slope(l, s[l], z[l + 1]) * c
            found[l] = (weights(delta, z[l]), biases(delta, z[l]))
            c = (passed(l, delta, c) if passed else delta) @ back(l, found[l][0])
        return found

    def document(self, found, update=False):
        eta = FORMAT[self.number](float(Fraction(self.eta)))
        if update:
            found = [(-eta * w, -eta * b) for w, b in found]
        layers = [{"weights": rows(w), "biases": rows(b)} for w, b in found]
        quantity = {"quantity": "update"} if update else {}
        return {"format": "creditcheck/gradient/1", "number": self.number, **quantity, "layers": layers}


def rows(values):
    return [rows(v) for v in values] if np.ndim(values) else float(values).hex()


def dressed(name, network, eta, examples, **more):
    head = {"format": "creditcheck/case/1", "name": name, "network": network, "loss": "half_squared_error", "learning_rate": eta}
    return {**head, **more, "examples": examples}


# ---------------------------------------------------------------- networks for the reports

FOUR = ([["1", "1/2"], ["-3/4", "2"], ["1/4", "-1"], ["3/2", "1/8"]], [["1", "0"], ["1/4", "1"], ["-1/2", "3/4"], ["1/8", "-1"]])
W_23 = [["3/4", "-1/2"], ["1/4", "1"], ["-5/8", "3/8"]]
W_32 = [["1/2", "-3/4", "1"], ["5/8", "1/4", "-1/2"]]
B_3, B_2 = ["1/8", "-1/4", "3/8"], ["1/4", "-1/8"]


def small(hidden, output="identity", number="f64", examples=FOUR, **more):
    """2-3-2, 17 parameters."""
    return Layers(number, [hidden, output], [W_23, W_32], [B_3, B_2], *examples, **more)


def both(net, name, **wrong):
    """The case, the right gradient, and the wrong ones by name."""
    files = {"case": net.case(name), "right": net.document(net.backward())}
    return {**files, **{key.replace("_", "-"): net.document(found) for key, found in wrong.items()}}


def declared(net, name, **conventions):
    """The case without a convention, one with each, and what each gives."""
    files = {"case": net.case(name), **{f"case-{kink}": {**net.case(name), "kink": kink} for kink in conventions}}
    return {**files, **{kink: net.document(found) for kink, found in conventions.items()}}


def only(l, function, net):
    """A slope of one's own in one layer."""
    return lambda k, s, z: function(s, z) if k == l else FUNCTIONS[net.functions[k]][1](s, z)


# ---------------------------------------------------------------- reports on layers


def one_sum_for_all_biases(name):
    net = Layers("f32", ["identity"], [W_23], [B_3], FOUR[0], [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["1", "0", "0"]])
    return both(net, name, wrong=net.backward(biases=lambda delta, x: np.full(3, delta.sum() / 4, delta.dtype)))


def bias_averaged_twice(name):
    net = small("relu")
    right = net.backward()
    return both(net, name, wrong=[(w, b / 4) if l == 0 else (w, b) for l, (w, b) in enumerate(right)])


def biases_summed_from_the_weights(name):
    net = small("relu")
    return both(net, name, wrong=[(w, w.sum(1)) for w, b in net.backward()])


def weights_summed_biases_averaged(name):
    net = small("logistic", "logistic", "f32")
    return both(net, name, wrong=net.backward(weights=lambda delta, x: delta.T @ x))


def updated_before_it_is_passed(name):
    net = small("logistic", "logistic", examples=(FOUR[0][:1], FOUR[1][1:2]), eta="1/2")
    right, wrong = net.backward(), net.backward(back=lambda l, gradient: net.w[l] - gradient / 2)
    return {"case": net.case(name), "right": net.document(right, update=True), "wrong": net.document(wrong, update=True)}


def raw_error_passed_on(name):
    net = small("logistic", "logistic")
    return both(net, name, wrong=net.backward(passed=lambda l, delta, c: c))


def ties_shared_at_six(name):
    net = Layers("f32", ["relu6", "identity"], [[["2", "1"], ["-1", "3/4"]], [["1/2", "-3/4"], ["5/8", "1/4"]]], [["3", "1/2"], B_2],
                 [["1", "1"], ["1/2", "-1/4"], ["3/2", "1/8"]], FOUR[1][:3])  # fmt: skip
    shared = only(0, lambda s, z: ((s > 0) & (s < 6)) + 0.5 * ((s == 0) | (s == 6)).astype(s.dtype), net)
    return declared(net, name, outer=net.backward(), mean=net.backward(slope=shared))


def ends_of_clamp(name):
    net = Layers("f32", ["hard_tanh", "identity"], [[["1", "1/2"], ["-1", "3/4"]], [["1/2", "-3/4"], ["5/8", "1/4"]]], [["1/2", "0"], B_2],
                 [["1/4", "1/2"], ["1", "0"], ["1/2", "-1/4"]], FOUR[1][:3])  # fmt: skip
    return declared(net, name, outer=net.backward(), inner=net.backward(slope=only(0, lambda s, z: ((s >= -1) & (s <= 1)).astype(s.dtype), net)))


def leaky_as_relu(name):
    net = small("leaky_relu")
    return both(net, name, wrong=net.backward(slope=only(0, lambda s, z: (0.3 * s > 0).astype(s.dtype), net)))


def softsign_of_its_output(name):
    net = small("softsign", number="f32")
    return both(net, name, wrong=net.backward(slope=only(0, lambda s, z: 1 / np.square(1 + abs(z)), net)))


def relu_with_slope_one(name):
    net = small("relu")
    return both(net, name, wrong=net.backward(slope=only(0, lambda s, z: (z >= 0).astype(s.dtype), net)))


def logistic_of_logistic(name):
    net = small("logistic", "logistic")
    return both(net, name, proposed=net.backward(slope=lambda l, s, z: logistic(z) * (1 - logistic(z))))


def logistic_slope_everywhere(name):
    net = small("relu", "logistic")
    return both(net, name, wrong=net.backward(slope=lambda l, s, z: z * (1 - z)))


def tan_for_tanh(name):
    net = small("tanh")
    return both(net, name, proposed=net.backward(slope=only(0, lambda s, z: 1 + z * z, net)))


def slope_of_the_credit(name):
    net = small("tanh")
    right = net.backward()
    s, z = net.forward()
    c = (z[-1] - net.t) @ net.w[1]
    delta = 1 - np.square(np.tanh(c))
    return both(net, name, wrong=[(delta.T @ net.x / 4, delta.sum(0) / 4), right[1]])


def mean_over_outputs(name):
    net = Layers("f32", ["relu", "identity"], [[["3/4", "-1/2"], ["1/4", "1"]], [["1/2", "-3/4"], ["5/8", "1/4"], ["-1", "3/8"]]], [["1/8", "-1/4"], B_3],
                 FOUR[0][:2], [["1", "0", "1/2"], ["0", "-1", "1/4"]])  # fmt: skip
    return both(net, name, wrong=net.backward(error=lambda z, t: (z - t) * np.float32(2 / 3)))


def last_example_only(name):
    net = small("relu")
    return both(net, name, proposed=net.backward(weights=lambda delta, x: np.outer(delta[-1], x[-1]) / 4, biases=lambda delta, x: delta[-1] / 4))


def biases_for_their_gradients(name):
    net = small("tanh")
    return both(net, name, wrong=[(w, b) for (w, _), b in zip(net.backward(), net.b)])


def biases_stay_zero(name):
    net = small("relu", number="f32")
    return both(net, name, wrong=[(w, 0 * b) for w, b in net.backward()])


def gradient_for_the_weight(name):
    net = small("relu", number="f32")
    return both(net, name, proposed=net.backward(back=lambda l, gradient: gradient))


def delta_of_the_layer_below(name):
    square = [[["3/4", "-1/2"], ["1/4", "1"]], [["1/2", "-3/4"], ["5/8", "1/4"]]]
    net = Layers("f64", ["logistic", "logistic"], square, [["1/8", "-1/4"], B_2], *FOUR)
    s, z = net.forward()
    deltas = [z[2] * (1 - z[2]) * (z[2] - net.t)]
    for l in (1, 0):
        deltas.insert(0, z[l] * (1 - z[l]) * (deltas[0] @ net.w[l]))
    return both(net, name, proposed=[(deltas[l].T @ z[l] / 4, deltas[l].sum(0) / 4) for l in (0, 1)])


def shuffled_apart(name):
    net = small("tanh", number="f32")
    other = small("tanh", number="f32", examples=(FOUR[0], [FOUR[1][k] for k in (2, 0, 3, 1)]))
    return both(net, name, wrong=other.backward())


def one_step_too_old(name):
    """Two steps of training; the case has the weights after the first, MINE the update that the second one made: of the gradient before."""
    before = small("logistic", eta="1/2")
    net = small("logistic", eta="1/2")
    old = before.backward()
    net.w = [w - gradient / 2 for w, (gradient, _) in zip(before.w, old)]
    net.b = [b - gradient / 2 for b, (_, gradient) in zip(before.b, old)]
    return {"case": net.case(name), "right": net.document(net.backward(), update=True), "wrong": net.document(old, update=True)}


def tf32(name):
    """Operands of products cut to ten bits after the point, as tensor cores do; sums in f32."""
    net = Layers("f32", ["relu", "identity"], [[["0.7", "-0.55"], ["0.3", "0.9"]], [["0.45", "-0.8"], ["0.65", "0.35"]]], [["0.1", "-0.2"], ["0.15", "-0.05"]],
                 [["0.91", "0.47"], ["-0.77", "1.93"], ["0.23", "1.07"]], [["1.1", "0.3"], ["0.27", "0.96"], ["-0.53", "0.71"]])  # fmt: skip

    def cut(a):
        bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
        return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)

    def product(a, b):
        return cut(a) @ cut(b)

    s = [product(net.x, net.w[0].T) + net.b[0]]
    z = np.maximum(s[0], 0)
    out = product(z, net.w[1].T) + net.b[1]
    top = (out - net.t) / np.float32(3)
    below = product(top, net.w[1]) * (s[0] > 0)
    found = [(product(below.T, net.x), below.sum(0)), (product(top.T, z), top.sum(0))]
    return both(net, name, tensor_cores=found)


def differences_in_f32(name):
    """Central differences with a step of 10⁻⁶, all of it in f32: the \"numerical\" side of a gradient check."""
    net = Layers("f32", ["identity"], [[["0.75", "-0.3"]]], [["0.1"]], [["0.7", "0.3"]], [["0.2"]])

    def loss():
        # Term by term: no library fuses products and sums here.
        out = net.w[0][0, 0] * net.x[0, 0] + net.w[0][0, 1] * net.x[0, 1] + net.b[0][0]
        return np.float32(0.5) * np.square(out - net.t[0, 0])

    def along(a):
        found, step = np.zeros_like(a), np.float32(1e-6)
        for k in np.ndindex(a.shape):
            at = a[k]
            a[k] = at + step
            up = loss()
            a[k] = at - step
            found[k] = (up - loss()) / (2 * step)
            a[k] = at
        return found

    return both(net, name, differences=[(along(net.w[0]), along(net.b[0]))])


# ---------------------------------------------------------------- reports on networks in time


class Rnn:
    """h_t = σ(W h + U x + b), out = V h + a, the error at the last step or at all."""

    def __init__(self, function, steps, w, u, v, b, a, inputs, targets):
        self.function, self.steps = function, steps
        self.w, self.u, self.v = array(w, "f64"), array(u, "f64"), array(v, "f64")
        self.b, self.a = array([b], "f64")[0], array([a], "f64")[0]
        self.x, self.t = np.stack([array(x, "f64") for x in inputs]), np.stack([array(t, "f64") for t in targets])

    def case(self, name):
        matrix = lambda m: [[text(v) for v in row] for row in m]
        network = {"kind": "temporal", "leak": "0", "activation": self.function,
                   "recurrent": matrix(self.w), "input": matrix(self.u), "readout": matrix(self.v), "biases": [text(v) for v in self.b], "readout_biases": [text(v) for v in self.a]}  # fmt: skip
        examples = [{"input": matrix(x), "target": matrix(t)} for x, t in zip(self.x, self.t)]
        return dressed(name, network, "1", examples, steps=self.steps)

    def backward(self, back=None, goes_back=True, finish=lambda a: a):
        back = self.w if back is None else back
        fire, slope = FUNCTIONS[self.function]
        found = {"recurrent": 0 * self.w, "input": 0 * self.u, "readout": 0 * self.v, "biases": 0 * self.b, "readout_biases": 0 * self.a}
        for x, t in zip(self.x, self.t):
            h, s = [np.zeros(len(self.b))], [None]
            for now in x:
                s.append(self.w @ h[-1] + self.u @ now + self.b)
                h.append(fire(s[-1]))
            c = np.zeros(len(self.b))
            for k in reversed(range(1, len(h))):
                if self.steps == "all" or k == len(h) - 1:
                    e = self.v @ h[k] + self.a - t[k - 1]
                    found["readout"] += np.outer(e, h[k])
                    found["readout_biases"] += e
                    c = c + self.v.T @ e
                delta = slope(s[k], h[k]) * c
                found["recurrent"] += np.outer(delta, h[k - 1])
                found["input"] += np.outer(delta, x[k - 1])
                found["biases"] += delta
                c = back.T @ delta if goes_back else 0 * c
        return {"format": "creditcheck/gradient/1", "number": "f64", **{key: rows(finish(value / len(self.x))) for key, value in found.items()}}


def rnn_tanh(scale=1):
    return Rnn("tanh", "last", [["1/2", "-3/4"], ["1/4", "5/8"]], [["1", "1/2"], ["-1/2", "3/4"]], [["1", "-3/2"]], ["1/8", "-1/4"], ["1/4"],
               [[["1", "1/2"], ["-1/2", "1"], ["1/4", "-1"], ["1/2", "1/2"]], [["-1", "1/4"], ["3/4", "1"], ["1", "-1/2"], ["0", "1"]]],
               [[[scale]] * 4, [["-1/2"]] * 4])  # fmt: skip


def weights_not_transposed_in_time(name):
    net = rnn_tanh()
    return {"case": net.case(name), "right": net.backward(), "wrong": net.backward(back=net.w.T)}


def clipped_to_one(name):
    net = rnn_tanh(scale="-8")
    return {"case": net.case(name), "right": net.backward(), "wrong": net.backward(finish=lambda a: np.clip(a, -1, 1))}


def direct_term_only(name):
    net = Rnn("identity", "all", [["1/4", "-1/2"], ["3/8", "1/2"]], [["3/4"], ["-1/2"]], [["1", "1/2"]], ["7/8", "-1/4"], ["0"],
              [[["1/4"], ["5/2"], ["-1"]], [["1"], ["-1/2"], ["3/4"]]], [[["1/2"], ["1"], ["-1"]], [["0"], ["1/4"], ["1"]]])  # fmt: skip
    return {"case": net.case(name), "right": net.backward(), "wrong": net.backward(goes_back=False)}


# ---------------------------------------------------------------- reports on equilibria


class Equilibrium:
    """h = tanh(W h + U x + b), out = V h + a, by Newton's method."""

    w, u, v = array([["1/2", "-3/8"], ["1/4", "1/8"]], "f64"), array([["1", "-1/2"], ["3/4", "1/4"]], "f64"), array([["1", "-3/4"]], "f64")
    b, a = array([["1/8", "-1/4"]], "f64")[0], array([["1/2"]], "f64")[0]
    x, t = array([["1/2", "-1"], ["-3/4", "1/4"]], "f64"), array([["1"], ["-1/2"]], "f64")

    def synapses(self, value):
        both = [(i, j) for i in (0, 1) for j in (0, 1)]
        hidden = [[2 + i, j, value("u", i, j)] for i, j in both] + [[2 + i, 2 + j, value("w", i, j)] for i, j in both]
        return hidden + [[4, 2 + j, value("v", 0, j)] for j in (0, 1)]

    def case(self, name):
        synapses = self.synapses(lambda key, *at: text(getattr(self, key)[at]))
        network = {"kind": "graph", "neurons": 5, "inputs": [0, 1], "outputs": [4], "activation": ["identity"] * 2 + ["tanh"] * 2 + ["identity"],
                   "synapses": synapses, "biases": ["0", "0"] + [text(v) for v in self.b] + [text(v) for v in self.a]}  # fmt: skip
        examples = [{"input": [text(v) for v in x], "target": [text(v) for v in t]} for x, t in zip(self.x, self.t)]
        return dressed(name, network, "1", examples)

    def backward(self, credit):
        """`credit` of W, the slopes and what enters: right is (I − Wᵀ diag σ′) c = entering."""
        one = np.eye(2)
        found = {"u": 0 * self.u, "w": 0 * self.w, "v": 0 * self.v, "b": 0 * self.b, "a": 0 * self.a}
        for x, t in zip(self.x, self.t):
            h = np.zeros(2)
            for _ in range(30):
                y = np.tanh(self.w @ h + self.u @ x + self.b)
                h = h + np.linalg.solve(one - (1 - y * y)[:, None] * self.w, y - h)
            slope, e = 1 - h * h, self.v @ h + self.a - t
            delta = slope * credit(one, slope, self.v.T @ e)
            for key, value in {"u": np.outer(delta, x), "w": np.outer(delta, h), "v": np.outer(e, h), "b": delta, "a": e}.items():
                found[key] += value / 2
        synapses = self.synapses(lambda key, *at: float(found[key][at]).hex())
        biases = ["0", "0"] + rows(found["b"]) + rows(found["a"])
        return {"format": "creditcheck/gradient/1", "number": "f64", "synapses": synapses, "biases": biases}

    def right(self):
        return self.backward(lambda one, slope, e: np.linalg.solve(one - self.w.T * slope, e))


def equilibrium(credit):
    def report(name):
        net = Equilibrium()
        return {"case": net.case(name), "right": net.right(), "wrong": net.backward(lambda *of: credit(net.w, *of))}

    return report


REPORTS = {
    report.__name__.replace("_", "-"): report
    for report in [
        one_sum_for_all_biases, bias_averaged_twice, biases_summed_from_the_weights, weights_summed_biases_averaged, updated_before_it_is_passed,
        raw_error_passed_on, ties_shared_at_six, ends_of_clamp, leaky_as_relu, softsign_of_its_output, relu_with_slope_one, logistic_of_logistic,
        logistic_slope_everywhere, tan_for_tanh, slope_of_the_credit, mean_over_outputs, last_example_only, biases_for_their_gradients, biases_stay_zero,
        gradient_for_the_weight, delta_of_the_layer_below, shuffled_apart, one_step_too_old, tf32, differences_in_f32,
        weights_not_transposed_in_time, clipped_to_one, direct_term_only,
    ]
}  # fmt: skip
REPORTS |= {
    "without-minus-x": equilibrium(lambda w, one, slope, e: np.linalg.solve(-w.T * slope, e)),
    "one-step-for-the-solve": equilibrium(lambda w, one, slope, e: e),
    "system-not-transposed": equilibrium(lambda w, one, slope, e: np.linalg.solve(one - slope[:, None] * w, e)),
}


def written(value, indent=0):
    """JSON with one row a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= 150 or not isinstance(value, (dict, list)):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {written(part, indent + 1)}" for key, part in value.items()]
        return "{\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + written(part, indent + 1) for part in value) + "\n" + " " * indent + "]"


def alike(a, b):
    """The same but for the last digits of floats, which another numpy may have otherwise."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, str) and "0x" in a and "0x" in b:
        a, b = float.fromhex(a), float.fromhex(b)
        return abs(a - b) <= 1e-5 * max(abs(a), abs(b), 1e-3)
    return a == b


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    differ = []
    for name, report in REPORTS.items():
        for key, document in report(name).items():
            path = FOLDER / name / f"{key}.json"
            if arguments.write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(written(document) + "\n", encoding="utf-8")
            elif not path.exists() or not alike(json.loads(path.read_text(encoding="utf-8")), document):
                differ.append(str(path))
    print("\n".join(differ) or f"{len(REPORTS)} reports")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
