#!/usr/bin/env python3
"""Gradients of torch.nn.RNN(num_layers=2) and of stacked Keras SimpleRNNs, and of leaky layers whose leak is trained: does `check` tell right from wrong?

    pip install numpy torch tensorflow
    rnn_layers.py --count 50 --seed 1 --out DIR --binary BINARY      writes the corpus and has it judged; without --binary it only writes

A campaign, run by hand, beside rnn.py. The right gradients are torch's (f32, f64; autograd through a loop where there are leaks), Keras's (f32) and those of a
loop in numpy in the same format; the wrong ones are those of that loop with one mistake. A mistake that cannot be seen in a case (less than `SEEN` of every
block, by the loop in long double) is not planted. Right: exit 0, or 3 where the program says that it cannot tell. Wrong: exit 1, and a line that names the
mistake. A right one that ends with 1 or 2 is a false alarm, a wrong one that ends with 0 was accepted: both make this program end with 1.
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

from rnn import FORMAT, SEEN, SIGMA, SLOPE, weights_of_steps

# What each mistake does, and a part of the sentence that names it.
MISTAKES = {
    "detached": ("direct term only", "detached after every"),
    "every_2": ("direct term only", "detached after every"),
    "w_not_wt": ("back through W where",),
    "stopped": ("does not go below layer 2",),
    "late": ("a step later",),
    "state_not_reset": ("not reset",),
    "initial_ignored": ("begins at rest", "not reset"),
    "slope_at_rate": ("at the rate z",),
    "swapped": ("blocks are in another order",),
    "without_kept": ("what a state keeps",),
    "leak_without_drive": ("lacks the term −(W z",),
    "leak_without_state": ("lacks the term s_{t−1}",),
}
BLOCKS = ("w", "u", "c")


def draw(rng, number):
    """Layers and their sequences, of values of the format; with leaks in a third of them."""
    inputs, k, count = rng.randint(1, 3), rng.randint(1, 2), rng.choice((1, 2, 2, 2, 3))
    steps, batch, n = rng.randint(3, 7), rng.randint(1, 3), rng.randint(2, 4)
    leaky = count == 1 or rng.random() < 0.3
    value = lambda *shape: np.array([rng.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape).astype(FORMAT[number])
    scale = FORMAT[number](rng.choice((0.5, 1.0, 1.5)) / np.sqrt(n))
    has_initial = rng.random() < 0.4
    layer = lambda below: {"w": value(n, n) * scale, "u": value(n, below), "b_ih": value(n) * scale, "b_hh": value(n) * scale,
                           "h0": value(batch, n) if has_initial else None,
                           "leak": FORMAT[number](rng.choice((0.25, 0.5, 0.8))) if leaky else None}
    return {
        "activation": rng.choice(("tanh", "tanh", "relu", "logistic")),
        "layers": [layer(inputs if l == 0 else n) for l in range(count)],
        "v": value(k, n), "b": value(k), "x": value(batch, steps, inputs), "y": value(batch, steps, k),
        "steps": rng.choice(("all", "last", sorted(rng.sample(range(1, steps + 1), 2)))),
    }  # fmt: skip


def exact(values):
    return [exact(row) for row in values] if getattr(values, "ndim", 0) else float(values).hex()


def case(net):
    add = lambda a, b: str(Fraction(float(a)) + Fraction(float(b)))
    layers = []
    for layer in net["layers"]:
        one = {"recurrent": exact(layer["w"]), "diagonal": True, "input": exact(layer["u"]),
               "biases": [add(a, b) for a, b in zip(layer["b_ih"], layer["b_hh"])]}
        if layer["leak"] is not None:
            one.update({"leak": exact(layer["leak"]), "leak_trainable": True})
        if layer["h0"] is not None:
            one["initial"] = exact(layer["h0"])
        layers.append(one)
    network = {"kind": "temporal", "leak": "0", "activation": net["activation"], "stack": layers,
               "readout": exact(net["v"]), "readout_biases": exact(net["b"])}
    return {"format": "creditcheck/case/1", "network": network, "loss": "half_squared_error", "learning_rate": "1",
            "steps": net["steps"], "examples": [{"input": a, "target": b} for a, b in zip(exact(net["x"]), exact(net["y"]))]}


def gradient(found, number):
    """A gradient file; `found` has w, u, c and perhaps leak of each layer, v and b."""
    fields = {"w": "recurrent", "u": "input", "c": "biases", "leak": "leak"}
    layers = [{fields[name]: exact(value) for name, value in layer.items()} for layer in found["layers"]]
    return {"format": "creditcheck/gradient/1", "number": number, "stack": layers, "readout": exact(found["v"]), "readout_biases": exact(found["b"])}


def by_loop(net, dtype, mistake=None):
    """Back through time and layers in numpy, with a mistake or without."""
    sigma, slope = SIGMA[net["activation"]], SLOPE[net["activation"]]
    layers = [{**{name: layer[name].astype(dtype) for name in ("w", "u")}, "c": layer["b_ih"].astype(dtype) + layer["b_hh"].astype(dtype),
               "h0": layer["h0"], "leak": dtype(layer["leak"] or 0), "leaky": layer["leak"] is not None} for layer in net["layers"]]  # fmt: skip
    v, b, x, y, counts = net["v"].astype(dtype), net["b"].astype(dtype), net["x"].astype(dtype), net["y"].astype(dtype), weights_of_steps(net)
    batch, steps = x.shape[:2]
    found = [{name: np.zeros_like(layer[name]) for name in (*BLOCKS, *(("leak",) if layer["leaky"] else ()))} for layer in layers]
    of_v, of_b, kept = np.zeros_like(v), np.zeros_like(b), None
    for example in range(batch):
        start = [np.zeros(len(layer["w"]), dtype) if layer["h0"] is None or mistake == "initial_ignored" else layer["h0"][example].astype(dtype) for layer in layers]
        s = [[kept[l][0] if mistake == "state_not_reset" and kept else state] for l, state in enumerate(start)]
        z = [[kept[l][1] if mistake == "state_not_reset" and kept else state] for l, state in enumerate(start)]
        heard, drive, errors = [[None] for _ in layers], [[None] for _ in layers], [None]
        for t in range(1, steps + 1):
            below = x[example, t - 1]
            for l, layer in enumerate(layers):
                if l and mistake == "late":
                    below = z[l - 1][t - 1]
                heard[l].append(below)
                drive[l].append(layer["w"] @ z[l][-1] + layer["u"] @ below + layer["c"])
                s[l].append(layer["leak"] * s[l][-1] + (1 - layer["leak"]) * drive[l][-1])
                z[l].append(sigma(s[l][-1]))
                below = z[l][-1]
            errors.append((v @ z[-1][-1] + b - y[example, t - 1]) * dtype(counts[t - 1]))
        kept = [(s[l][-1], z[l][-1]) for l in range(len(layers))]
        later = [np.zeros(len(layer["w"]), dtype) for layer in layers]
        for t in range(steps, 0, -1):
            of_v, of_b, arriving = of_v + np.outer(errors[t], z[-1][t]), of_b + errors[t], v.T @ errors[t]
            for l in range(len(layers) - 1, -1, -1):
                layer, gain = layers[l], 1 - layers[l]["leak"]
                every = {"detached": 1, "every_2": 2}.get(mistake)
                if every and t % every == 0:
                    later[l] = np.zeros_like(later[l])
                back = layer["w"] if mistake == "w_not_wt" and l == 0 else layer["w"].T
                # Of a σ whose slope is written in its rate.
                h = slope(sigma(z[l][t]) if mistake == "slope_at_rate" and l == len(layers) - 1 else z[l][t])
                g = h * (arriving + gain * (back @ later[l])) + (0 if mistake == "without_kept" else layer["leak"] * later[l])
                found[l]["w"] += gain * np.outer(g, z[l][t - 1])
                found[l]["u"] += gain * np.outer(g, heard[l][t])
                found[l]["c"] += gain * g
                if layer["leaky"]:
                    state = 0 if mistake == "leak_without_state" else s[l][t - 1]
                    found[l]["leak"] += g @ (state - (0 if mistake == "leak_without_drive" else drive[l][t]))
                arriving = gain * (layer["u"].T @ g) * dtype(not (mistake == "stopped" and l == 1))
                later[l] = g
    if mistake == "swapped" and len(found) > 1 and found[0]["u"].shape == found[1]["u"].shape:
        found[0], found[1] = found[1], found[0]
    mean = lambda value: value / dtype(batch)
    return {"layers": [{name: mean(value) for name, value in layer.items()} for layer in found], "v": mean(of_v), "b": mean(of_b)}


def by_torch(net, number):
    import torch

    dtype = {"f32": torch.float32, "f64": torch.float64}[number]
    n, m, k, count = len(net["v"][0]), net["x"].shape[2], len(net["v"]), len(net["layers"])
    out = torch.nn.Linear(n, k, dtype=dtype)
    with torch.no_grad():
        out.weight.copy_(torch.tensor(net["v"]))
        out.bias.copy_(torch.tensor(net["b"]))
    half_squares = lambda states: 0.5 * (((out(states) - torch.tensor(net["y"]))[:, weights_of_steps(net)]) ** 2).sum() / len(net["x"])
    if net["layers"][0]["leak"] is None:
        if net["activation"] == "logistic":
            return None
        rnn = torch.nn.RNN(m, n, num_layers=count, nonlinearity=net["activation"], batch_first=True, dtype=dtype)
        given = {"weight_hh": "w", "weight_ih": "u", "bias_ih": "b_ih", "bias_hh": "b_hh"}
        with torch.no_grad():
            for l, layer in enumerate(net["layers"]):
                for name, ours in given.items():
                    getattr(rnn, f"{name}_l{l}").copy_(torch.tensor(layer[ours]))
        h0 = None if net["layers"][0]["h0"] is None else torch.tensor(np.stack([layer["h0"] for layer in net["layers"]]))
        half_squares(rnn(torch.tensor(net["x"]), h0)[0]).backward()
        grad = lambda name, l: getattr(rnn, f"{name}_l{l}").grad.numpy()
        found = [{"w": grad("weight_hh", l), "u": grad("weight_ih", l), "c": grad("bias_hh", l)} for l in range(count)]
    else:
        sigma = {"tanh": torch.tanh, "relu": torch.relu, "logistic": torch.sigmoid}[net["activation"]]
        leaf = lambda value: torch.tensor(value, dtype=dtype, requires_grad=True)
        layers = [{"w": leaf(layer["w"]), "u": leaf(layer["u"]), "c": leaf(layer["b_ih"] + layer["b_hh"]), "leak": leaf(layer["leak"])} for layer in net["layers"]]
        rest = torch.zeros(len(net["x"]), n, dtype=dtype)
        s = [rest if layer["h0"] is None else torch.tensor(layer["h0"]) for layer in net["layers"]]
        z, states = list(s), []
        for t in range(net["x"].shape[1]):
            below = torch.tensor(net["x"][:, t])
            for l, layer in enumerate(layers):
                drive = z[l] @ layer["w"].T + below @ layer["u"].T + layer["c"]
                s[l] = layer["leak"] * s[l] + (1 - layer["leak"]) * drive
                below = z[l] = sigma(s[l])
            states.append(below)
        half_squares(torch.stack(states, 1)).backward()
        found = [{name: value.grad.numpy() for name, value in layer.items()} for layer in layers]
    return {"layers": found, "v": out.weight.grad.numpy(), "b": out.bias.grad.numpy()}


def by_keras(net, number):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if number != "f32" or net["layers"][0]["leak"] is not None:
        return None
    import tensorflow as tf

    name = {"logistic": "sigmoid"}.get(net["activation"], net["activation"])
    n, k, shape = len(net["v"][0]), len(net["v"]), net["x"].shape
    layers = [tf.keras.layers.SimpleRNN(n, activation=name, return_sequences=True) for _ in net["layers"]]
    dense = tf.keras.layers.Dense(k)
    for l, (layer, ours) in enumerate(zip(layers, net["layers"])):
        layer.build(shape if l == 0 else (*shape[:2], n))
        layer.set_weights([ours["u"].T, ours["w"].T, ours["b_ih"] + ours["b_hh"]])
    dense.build((None, None, n))
    dense.set_weights([net["v"].T, net["b"]])
    with tf.GradientTape() as tape:
        states = tf.constant(net["x"])
        for layer, ours in zip(layers, net["layers"]):
            states = layer(states, initial_state=None if ours["h0"] is None else tf.constant(ours["h0"]))
        errors = (dense(states) - net["y"]) * np.array(weights_of_steps(net), np.float32)[None, :, None]
        loss = 0.5 * tf.reduce_sum(errors**2) / shape[0]
    variables = [layer.trainable_variables for layer in layers]
    *of_layers, (v, b) = tape.gradient(loss, [*variables, dense.trainable_variables])
    found = [{"w": w.numpy().T, "u": u.numpy().T, "c": c.numpy()} for u, w, c in of_layers]
    return {"layers": found, "v": v.numpy().T, "b": b.numpy()}


def is_seen(right, wrong, number):
    flat = lambda found: [value for layer in found["layers"] for value in layer.values()] + [found["v"], found["b"]]
    return any(np.abs(a - b).max() > SEEN[number] * np.abs(a).max() for a, b in zip(flat(right), flat(wrong)))


def corpus(count, seed):
    """Cases, and with each its gradients: name, file, whether it is right, and what names it."""
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        number = rng.choice(("f32", "f32", "f64"))
        net = draw(rng, number)
        engines = {"torch": by_torch(net, number), "keras": by_keras(net, number), "numpy": by_loop(net, FORMAT[number])}
        files = [(name, gradient(found, number), True, None) for name, found in engines.items() if found]
        long = by_loop(net, np.longdouble)
        for mistake, words in MISTAKES.items():
            if is_seen(long, by_loop(net, np.longdouble, mistake), number):
                files.append((mistake, gradient(by_loop(net, FORMAT[number], mistake), number), False, words))
        yield index, case(net), files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--binary")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    counts, bad = collections.Counter(), []
    for index, document, files in corpus(options.count, options.seed):
        path = options.out / f"case_{index}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        for name, file, is_right, words in files:
            mine = options.out / f"{'right' if is_right else 'wrong'}_{index}_{name}.json"
            mine.write_text(json.dumps(file), encoding="utf-8")
            if not options.binary:
                continue
            done = subprocess.run([options.binary, "check", path, mine], capture_output=True, text=True, timeout=600)
            counts["right" if is_right else "wrong", name, f"exit {done.returncode}"] += 1
            if done.returncode not in ((0, 3) if is_right else (1, 3)):
                bad.append(f"{mine}: exit {done.returncode}")
            if not is_right and done.returncode == 1:
                said = " ".join(done.stdout.split())
                is_named = any(one in said for one in words)
                counts["named" if is_named else "not named", name] += 1
    for key, number in sorted(counts.items(), key=str):
        print(*key, number)
    print("\n".join(bad) or f"no false alarm, nothing wrong accepted (seed {options.seed})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
