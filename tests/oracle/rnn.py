#!/usr/bin/env python3
"""Gradients of torch.nn.RNN and Keras SimpleRNN on random small networks, right ones and wrong ones by name: does `check` tell them apart?

    pip install numpy torch tensorflow
    rnn.py --count 100 --seed 1 --out DIR --binary BINARY        writes the corpus and has it judged; without --binary it only writes

A campaign, run by hand. The right gradients are those of torch (f32 and f64), of Keras (f32), and of a loop in numpy in the same format; the wrong ones
are those of that loop with one mistake. A mistake that cannot be seen in a case (less than `SEEN` of every block, by the loop in long double) is not planted.
Right: exit 0, or 3 where the program says that it cannot tell. Wrong: exit 1, and a line that names the mistake. A right one that ends
with 1 or 2 is a false alarm, a wrong one that ends with 0 was accepted: both are listed, and make this program end with 1.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np

SEEN = {"f64": 1e-6, "f32": 2e-2}  # of the largest entry of a block
FORMAT = {"f32": np.float32, "f64": np.float64}
SIGMA = {"tanh": np.tanh, "relu": lambda s: np.maximum(s, 0), "logistic": lambda s: 1 / (1 + np.exp(-s))}
SLOPE = {"tanh": lambda z: 1 - z * z, "relu": lambda z: (z > 0).astype(z.dtype), "logistic": lambda z: z * (1 - z)}
# Of short sequences one cut is often another: after every 2 steps with an error at the last of 5 leaves the direct term.
CUTS = ("direct term only", "goes back one step at most", "goes back 2 steps at most", "detached after every")
# What each mistake does, and a part of the sentence that names it.
MISTAKES = {
    "direct_term_only": CUTS[0],
    "window_2": CUTS,
    "every_2": CUTS,
    "every_3": CUTS,
    "w_not_wt": "transpose",
    "state_not_reset": "T01",
    "initial_ignored": "begins at rest",
    "slope_at_rate": "T31",
    "mean_over_steps": "1/T",
}


def draw(rng, number):
    """A network and its sequences, of values of the format."""
    n, m, k = rng.randint(2, 5), rng.randint(1, 3), rng.randint(1, 2)
    steps, batch = rng.randint(3, 8), rng.randint(1, 3)
    spread = rng.choice((0.5, 1.0, 2.0))
    value = lambda *shape: np.array([rng.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape).astype(FORMAT[number])
    scale = FORMAT[number](spread / np.sqrt(n))
    return {
        "activation": rng.choice(("tanh", "tanh", "tanh", "relu", "logistic")),
        "w": value(n, n) * scale, "u": value(n, m), "b_ih": value(n) * scale, "b_hh": value(n) * scale,
        "v": value(k, n), "b": value(k), "x": value(batch, steps, m), "y": value(batch, steps, k),
        "h0": value(batch, n) if rng.random() < 0.4 else None,
        "steps": rng.choice(("all", "last", sorted(rng.sample(range(1, steps + 1), 2)))),
        "bias": rng.choice(("sum", "input")),
    }  # fmt: skip


def weights_of_steps(net):
    steps, count = net["steps"], net["x"].shape[1]
    return [steps == "all" or (steps == "last" and t == count) or (isinstance(steps, list) and t in steps) for t in range(1, count + 1)]


def case(net):
    exact = lambda values: [exact(row) for row in values] if getattr(values, "ndim", 0) else float(values).hex()
    add = lambda a, b: str(Fraction(float(a)) + Fraction(float(b)))
    network = {"kind": "temporal", "leak": "0", "activation": net["activation"], "recurrent": exact(net["w"]), "diagonal": True,
               "input": exact(net["u"]), "readout": exact(net["v"]), "readout_biases": exact(net["b"])}
    x = exact(net["x"])
    if net["bias"] == "sum":
        network["biases"] = [add(a, b) for a, b in zip(net["b_ih"], net["b_hh"])]
    else:
        # The one bias as the weights of one more input that is always 1, the other as biases.
        network["input"] = [row + [bias] for row, bias in zip(network["input"], exact(net["b_ih"]))]
        network["biases"] = exact(net["b_hh"])
        x = [[row + ["1"] for row in example] for example in x]
    document = {"format": "creditcheck/case/1", "network": network, "loss": "half_squared_error", "learning_rate": "1",
                "steps": net["steps"], "examples": [{"input": a, "target": b} for a, b in zip(x, exact(net["y"]))]}
    if net["h0"] is not None:
        document["initial"] = exact(net["h0"])
    return document


def gradient(net, found, number):
    """A gradient file; `found` has w, u, c, v and b."""
    exact = lambda values: [exact(row) for row in values] if getattr(values, "ndim", 0) else float(values).hex()
    u = exact(found["u"])
    if net["bias"] == "input":
        u = [row + [bias] for row, bias in zip(u, exact(found["c"]))]
    return {"format": "creditcheck/gradient/1", "number": number, "recurrent": exact(found["w"]), "input": u, "biases": exact(found["c"]),
            "readout": exact(found["v"]), "readout_biases": exact(found["b"])}


def by_loop(net, dtype, mistake=None):
    """BPTT in numpy, with a mistake or without."""
    cast = lambda name: net[name].astype(dtype)
    w, u, v, c, b = cast("w"), cast("u"), cast("v"), cast("b_ih") + cast("b_hh"), cast("b")
    x, y, counts = cast("x"), cast("y"), weights_of_steps(net)
    batch, steps = x.shape[:2]
    found = {name: np.zeros_like(value) for name, value in (("w", w), ("u", u), ("c", c), ("v", v), ("b", b))}
    kept = None
    for example in range(batch):
        h = np.zeros(len(w), dtype) if net["h0"] is None or mistake == "initial_ignored" else cast("h0")[example]
        if mistake == "state_not_reset" and kept is not None:
            h = kept
        states, errors = [h], []
        for t in range(steps):
            states.append(SIGMA[net["activation"]](w @ states[-1] + u @ x[example, t] + c))
            errors.append((v @ states[-1] + b - y[example, t]) * dtype(counts[t]))
        kept = states[-1]
        slope = lambda t: SLOPE[net["activation"]](SIGMA[net["activation"]](states[t]) if mistake == "slope_at_rate" else states[t])
        back = w if mistake == "w_not_wt" else w.T
        a = [None] + [slope(t) * (v.T @ errors[t - 1]) for t in range(1, steps + 1)]
        total = [np.zeros(len(w), dtype) for _ in range(steps + 2)]
        for source in range(1, steps + 1):
            g = a[source]
            total[source] = total[source] + g
            for t in range(source - 1, 0, -1):
                every = {"direct_term_only": 1, "every_2": 2, "every_3": 3}.get(mistake)
                if (every and t % every == 0) or (mistake == "window_2" and source - t > 2):
                    break
                g = slope(t) * (back @ g)
                total[t] = total[t] + g
        for t in range(1, steps + 1):
            found["w"] += np.outer(total[t], states[t - 1])
            found["u"] += np.outer(total[t], x[example, t - 1])
            found["c"] += total[t]
            found["v"] += np.outer(errors[t - 1], states[t])
            found["b"] += errors[t - 1]
    share = dtype(batch * (steps if mistake == "mean_over_steps" else 1))
    return {name: value / share for name, value in found.items()}


def by_torch(net, number):
    import torch

    if net["activation"] == "logistic":
        return None
    dtype = {"f32": torch.float32, "f64": torch.float64}[number]
    n, m, k = len(net["w"]), net["u"].shape[1], len(net["v"])
    rnn = torch.nn.RNN(m, n, nonlinearity=net["activation"], batch_first=True, dtype=dtype)
    out = torch.nn.Linear(n, k, dtype=dtype)
    given = {"weight_hh_l0": "w", "weight_ih_l0": "u", "bias_ih_l0": "b_ih", "bias_hh_l0": "b_hh"}
    with torch.no_grad():
        for name, ours in given.items():
            getattr(rnn, name).copy_(torch.tensor(net[ours]))
        out.weight.copy_(torch.tensor(net["v"]))
        out.bias.copy_(torch.tensor(net["b"]))
    h0 = None if net["h0"] is None else torch.tensor(net["h0"])[None]
    states, _ = rnn(torch.tensor(net["x"]), h0)
    errors = (out(states) - torch.tensor(net["y"]))[:, weights_of_steps(net)]
    (0.5 * (errors**2).sum() / len(net["x"])).backward()
    grad = {name: getattr(rnn, name).grad.numpy() for name in given}
    return {"w": grad["weight_hh_l0"], "u": grad["weight_ih_l0"], "c": grad["bias_hh_l0"], "v": out.weight.grad.numpy(), "b": out.bias.grad.numpy()}


def by_keras(net, number):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    if number != "f32":
        return None
    name = {"logistic": "sigmoid"}.get(net["activation"], net["activation"])
    n, k = len(net["w"]), len(net["v"])
    layer = tf.keras.layers.SimpleRNN(n, activation=name, return_sequences=True)
    dense = tf.keras.layers.Dense(k)
    layer.build(net["x"].shape)
    dense.build((None, None, n))
    # Keras has one bias: what torch adds in two parts it has as their sum.
    layer.set_weights([net["u"].T, net["w"].T, net["b_ih"] + net["b_hh"]])
    dense.set_weights([net["v"].T, net["b"]])
    with tf.GradientTape() as tape:
        states = layer(net["x"], initial_state=None if net["h0"] is None else tf.constant(net["h0"]))
        errors = (dense(states) - net["y"]) * np.array(weights_of_steps(net), np.float32)[None, :, None]
        loss = 0.5 * tf.reduce_sum(errors**2) / len(net["x"])
    u, w, c, v, b = (g.numpy() for g in tape.gradient(loss, layer.trainable_variables + dense.trainable_variables))
    return {"w": w.T, "u": u.T, "c": c, "v": v.T, "b": b}


def is_seen(right, wrong, number):
    blocks = [np.abs(right[name] - wrong[name]).max() > SEEN[number] * np.abs(right[name]).max() for name in right]
    return any(blocks)


def corpus(count, seed):
    """Cases, and with each its gradients: name, file, whether it is right, and what names it."""
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        number = rng.choice(("f32", "f32", "f64"))
        net = draw(rng, number)
        engines = {"torch": by_torch(net, number), "keras": by_keras(net, number), "numpy": by_loop(net, FORMAT[number])}
        if net["bias"] == "input":
            engines["keras"] = None
        files = [(name, gradient(net, found, number), True, None) for name, found in engines.items() if found]
        long = by_loop(net, np.longdouble)
        for mistake, words in MISTAKES.items():
            if is_seen(long, by_loop(net, np.longdouble, mistake), number):
                files.append((mistake, gradient(net, by_loop(net, FORMAT[number], mistake), number), False, words))
        yield index, case(net), files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--binary")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    counts, bad, unnamed = collections.Counter(), [], collections.Counter()
    for index, document, files in corpus(options.count, options.seed):
        path = options.out / f"case_{index}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        for name, file, is_right, words in files:
            mine = options.out / f"{'right' if is_right else 'wrong'}_{index}_{name}.json"
            mine.write_text(json.dumps(file), encoding="utf-8")
            if not options.binary:
                continue
            done = subprocess.run([options.binary, "check", path, mine], capture_output=True, text=True, timeout=600)
            kind = f"right {name}" if is_right else f"wrong {name}"
            counts[kind, done.returncode] += 1
            if done.returncode not in ((0, 3) if is_right else (1, 3)):
                bad.append(f"{mine}: exit {done.returncode}")
            if not is_right and done.returncode == 1:
                said = " ".join(done.stdout.split())
                is_named = any(one in said for one in ([words] if isinstance(words, str) else words))
                counts["named" if is_named else "not named", name] += 1
    for key, number in sorted(counts.items(), key=str):
        print(*key, number)
    print("\n".join(bad) or f"no false alarm, nothing wrong accepted (seed {options.seed})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
