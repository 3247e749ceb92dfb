#!/usr/bin/env python3
"""Layers in time, and a trainable leak: compares the creditcheck binary with fractions, entry by entry, with ==.

    layers.py --binary target/release/creditcheck --count 100 --seed 7 fixtures/cases/layers-in-time.json fixtures/cases/trainable-leak.json
    layers.py --self-test                        would it notice a wrong entry? needs no binary

The gradient comes from a reverse tape over the forward pass, layer by layer and step by step, which knows no rule. After each agreement one
entry is changed, and the comparison must refuse it. Exit 0 all agree, 1 otherwise, also when fewer cases ran than were asked for.
"""

import argparse
import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

import exact
from differentiable import Dual, Taped
from values import canonical, digest, number

TIMEOUT_S = 120
RULES = ("bptt", "rtrl", "tangent")


def layers_of(case):
    """The layers with all that holds for them, whether they stand in a list or are the network itself."""
    net = case["network"]
    common = {key: net[key] for key in ("leak", "leak_trainable", "activation") if key in net}
    if "stack" in net:
        return [{**common, **layer} for layer in net["stack"]]
    return [{**net, **({"initial": case["initial"]} if "initial" in case else {})}]


def parameters(case):
    """The parameters as fractions, keyed by layer (-1 for the readout), field and place."""
    found = {}
    for l, layer in enumerate(layers_of(case)):
        for field in ("recurrent", "input"):
            for post, row in enumerate(layer[field]):
                for pre, value in enumerate(row):
                    found[l, field, post, pre] = number(value)
        for post, value in enumerate(layer.get("biases", [])):
            found[l, "biases", post] = number(value)
        if layer.get("leak_trainable"):
            found[l, "leak"] = number(layer["leak"])
    for k, row in enumerate(case["network"]["readout"]):
        for pre, value in enumerate(row):
            found[-1, "readout", k, pre] = number(value)
    for k, value in enumerate(case["network"].get("readout_biases", [])):
        found[-1, "readout_biases", k] = number(value)
    return found


def counts(case, t):
    steps = case["steps"]
    return t + 1 in steps if isinstance(steps, list) else steps == "all" or t + 1 == len(case["examples"][0]["input"])


def loss(case, theta):
    """The loss in whatever numbers theta has."""
    layers, net, kink = layers_of(case), case["network"], case.get("kink", "left")
    total = None
    for b, example in enumerate(case["examples"]):
        rest = lambda layer: ["0"] * len(layer["recurrent"])
        states = [[number(v) for v in layer["initial"][b]] if "initial" in layer else [number(v) for v in rest(layer)] for layer in layers]
        rates = [list(state) for state in states]
        for t, row in enumerate(example["input"]):
            below = [number(v) for v in row]
            for l, layer in enumerate(layers):
                leak = theta.get((l, "leak"), number(layer["leak"]))
                now = []
                for p in range(len(layer["recurrent"])):
                    drive = theta[l, "recurrent", p, 0] * rates[l][0]
                    for q in range(1, len(layer["recurrent"])):
                        drive = drive + theta[l, "recurrent", p, q] * rates[l][q]
                    for m, heard in enumerate(below):
                        drive = drive + theta[l, "input", p, m] * heard
                    if (l, "biases", p) in theta:
                        drive = drive + theta[l, "biases", p]
                    # leak times the difference, so that both places of a leak are one.
                    now.append(drive + (drive * -1 + states[l][p]) * leak)
                states[l] = now
                rates[l] = [exact.fire(layer["activation"], s, kink) for s in now]
                below = rates[l]
            if not counts(case, t):
                continue
            for k in range(len(net["readout"])):
                y = theta[-1, "readout", k, 0] * below[0]
                for p in range(1, len(below)):
                    y = y + theta[-1, "readout", k, p] * below[p]
                if (-1, "readout_biases", k) in theta:
                    y = y + theta[-1, "readout_biases", k]
                error = y + -number(example["target"][t][k])
                term = error * error * Fraction(1, 2 * len(case["examples"]))
                total = term if total is None else total + term
    return total


def document(case):
    """The fields that the program writes, from the tape."""
    tape = []
    theta = {key: Taped(value, tape) for key, value in parameters(case).items()}
    total = loss(case, theta)
    total.backward()
    found = {key: canonical(node.adjoint) for key, node in theta.items()}
    layers, net = layers_of(case), case["network"]
    blocks = []
    for l, layer in enumerate(layers):
        block = {}
        for field in ("recurrent", "input"):
            block[field] = [[found[l, field, post, pre] for pre in range(len(row))] for post, row in enumerate(layer[field])]
        if "biases" in layer:
            block["biases"] = [found[l, "biases", p] for p in range(len(layer["biases"]))]
        if (l, "leak") in found:
            block["leak"] = found[l, "leak"]
        blocks.append(block)
    ours = {"loss": canonical(total.value), **({"stack": blocks} if "stack" in net else blocks[0])}
    ours["readout"] = [[found[-1, "readout", k, pre] for pre in range(len(row))] for k, row in enumerate(net["readout"])]
    if "readout_biases" in net:
        ours["readout_biases"] = [found[-1, "readout_biases", k] for k in range(len(net["readout_biases"]))]
    return ours


def leaves(node):
    """Every number of a document, each with the list or object that holds it."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, (dict, list)):
            yield from leaves(child)
        else:
            yield node, key


def same(theirs, ours):
    """Whether all fields of ours are theirs, and theirs has no other."""
    headers = ("format", "case", "rule", "number", "quantity")
    return {key: value for key, value in theirs.items() if key not in headers} == ours


def refuses(theirs, ours, rng):
    """Whether one wrong entry is noticed."""
    changed = copy.deepcopy(theirs)
    entries = {key: value for key, value in changed.items() if key in ours}
    holder, key = rng.choice(list(leaves(entries)))
    holder[key] = canonical(number(holder[key]) + Fraction(1, 1 << 60))
    return not same({**changed, **entries}, ours)


def random_case(rng):
    """One to three small layers, each with something of its own."""
    any_number = lambda: canonical(Fraction(rng.randint(-6, 6), rng.choice((1, 2, 4, 3))))
    matrix = lambda rows, columns: [[any_number() for _ in range(columns)] for _ in range(rows)]
    count, inputs, readouts = rng.randint(1, 3), rng.randint(1, 2), rng.randint(1, 2)
    duration, batch = rng.randint(1, 5), rng.randint(1, 3)
    layers, below = [], inputs
    for l in range(count):
        neurons = rng.randint(1, 3)
        layer = {"recurrent": matrix(neurons, neurons), "input": matrix(neurons, below)}
        # Digits of a polynomial double with each step: in one layer of few steps.
        straight = ("relu", "identity", "hard_tanh", {"name": "leaky_relu", "slope": "-1/2"})
        layer["activation"] = rng.choice((*straight, "quadratic") if l == 0 and duration < 4 else straight)
        layer["leak"] = rng.choice(("0", "1/2", "1/3"))
        if rng.random() < 0.5:
            layer["leak_trainable"] = rng.random() < 0.8
        if rng.random() < 0.5:
            layer["biases"] = [any_number() for _ in range(neurons)]
        if rng.random() < 0.4:
            layer["initial"] = matrix(batch, neurons)
        layers.append(layer)
        below = neurons
    net = {"kind": "temporal", "readout": matrix(readouts, below)}
    if rng.random() < 0.5:
        net["readout_biases"] = [any_number() for _ in range(readouts)]
    case = {"format": "creditcheck/case/1", "network": net, "loss": "half_squared_error", "learning_rate": "1/8",
            "steps": rng.choice(("all", "last", sorted(rng.sample(range(1, duration + 1), rng.randint(1, duration))))),
            "examples": [{"input": matrix(duration, inputs), "target": matrix(duration, readouts)} for _ in range(batch)]}
    if rng.random() < 0.3:
        case["kink"] = rng.choice(("right", "mean", "1/3"))
        case["examples"][0]["input"][0] = ["0"] * inputs
    if count == 1 and rng.random() < 0.6:
        layer = {**layers[0], "leak_trainable": True}
        if "initial" in layer:
            case["initial"] = layer.pop("initial")
        net.update(layer)
        return case
    if rng.random() < 0.5:
        net["leak"] = layers[0].pop("leak")
        net["activation"] = layers[-1].pop("activation")
    net["stack"] = layers
    return case


def check(binary, path, rng):
    """How many numbers agree by all rules, and how many of them are not zero; prints what does not."""
    case = json.loads(path.read_text(encoding="utf-8"))
    ours = document(case)
    entries = nonzero = 0
    for rule in RULES:
        done = subprocess.run([binary, "gradient", str(path), "--rule", rule, "--format", "json"],
                              capture_output=True, timeout=TIMEOUT_S, text=True)
        theirs = json.loads(done.stdout) if done.returncode == 0 else {}
        if not same(theirs, ours) or theirs["case"] != digest(case) or not refuses(theirs, ours, rng):
            print(f"{path}: {rule}: exit {done.returncode} {done.stderr.strip()}\n  {theirs}\n  {ours}")
            return None
        values = [holder[key] for holder, key in leaves(ours)]
        entries += len(values)
        nonzero += sum(value != "0" for value in values)
    return entries, nonzero


def self_test():
    """Each entry of each fixture, wrong by little, is refused; and the derivative of a leak is that of a difference."""
    rng, folder = random.Random(0), pathlib.Path(__file__).parents[2] / "fixtures" / "cases"
    for name in ("layers-in-time", "trainable-leak"):
        case = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        ours = document(case)
        assert same({"format": "-", **ours}, ours) and all(refuses(ours, ours, rng) for _ in range(100))
        theta, step = parameters(case), Fraction(1, 1 << 40)
        at = lambda by: loss(case, {key: Dual(value + (by if key == (0, "leak") else 0)) for key, value in theta.items()}).value
        leak = ours["leak"] if "leak" in ours else ours["stack"][0]["leak"]
        assert number(leak) and abs((at(step) - at(-step)) / (2 * step) - number(leak)) < 1000 * step * step, name
    print("every wrong entry refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    rng, results = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as folder:
        paths = list(options.cases)
        for index in range(options.count):
            path = pathlib.Path(folder) / f"case_{index}.json"
            path.write_text(json.dumps(random_case(random.Random(f"{options.seed}/{index}"))), encoding="utf-8")
            paths.append(path)
        results = [check(options.binary, path, rng) for path in paths]
    right = [result for result in results if result]
    print(f"{len(right)} of {len(options.cases) + options.count} cases: {sum(e for e, _ in right)} numbers, {sum(n for _, n in right)} of them not zero (seed {options.seed})")
    return 0 if len(right) == len(options.cases) + options.count and right else 1


if __name__ == "__main__":
    sys.exit(main())
