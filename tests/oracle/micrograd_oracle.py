#!/usr/bin/env python3
"""Compares the creditcheck binary with micrograd, an autodiff engine that nobody here wrote.

    pip install micrograd==0.1.0
    micrograd_oracle.py --binary target/release/creditcheck --count 100

micrograd's `Value` is run over Python's `Fraction`, so that its gradients are exact, on random
layered cases. Its operations are + * ** and relu, whose slope at 0 is 0: the left kink. Every
activation is put together from those, for instance leaky ReLU as (1 - a) relu(s) + a s. Exit 0
if every entry of every case agrees with ==, 1 otherwise, also when fewer than asked ran.
"""

import argparse
import json
import pathlib
import sys
import tempfile
from fractions import Fraction

from micrograd.engine import Value

import compare
import exact
import generate


def fire(activation, s):
    """sigma(s) in micrograd's own operations."""
    name = generate.name_of(activation)
    if name == "identity":
        return s
    if name == "relu":
        return s.relu()
    if name == "leaky_relu":
        slope = exact.number(activation["slope"])
        return s.relu() * (1 - slope) + s * slope
    if name == "hard_tanh":
        given = activation if isinstance(activation, dict) else {}
        low, high = exact.number(given.get("min", -1)), exact.number(given.get("max", 1))
        return (s + -low).relu() + (s + -high).relu() * -1 + low
    if name == "square":
        return s**2
    if name == "quadratic":
        return s + s**2
    if name == "cubic":
        return s + s**3 * Fraction(-1, 3)
    if name == "softsign":
        magnitude = s.relu() + (s * -1).relu()
        return s * (magnitude + 1) ** -1
    if name == "elu_rational":
        return s * ((s * -1).relu() + Fraction(1)) ** -1
    raise exact.Unsupported(name)


def evaluate(case):
    """The gradient document of a layered case, every derivative by micrograd."""
    layers, examples = case["network"]["layers"], case["examples"]
    weights = [[[Value(exact.number(w)) for w in row] for row in layer["weights"]] for layer in layers]
    biases = [[Value(exact.number(b)) for b in layer.get("biases", [])] for layer in layers]
    loss, inputs_gradient = Value(Fraction(0)), []
    for example in examples:
        rates = [Value(exact.number(v)) for v in example["input"]]
        inputs_gradient.append(rates)
        for layer, rows, shifts in zip(layers, weights, biases):
            after = []
            for post, row in enumerate(rows):
                s = shifts[post] if shifts else Value(Fraction(0))
                for weight, x in zip(row, rates):
                    s = s + weight * x
                after.append(fire(layer["activation"], s))
            rates = after
        for x, target in zip(rates, example["target"]):
            loss = loss + (x + -exact.number(target)) ** 2 * Fraction(1, 2 * len(examples))
    loss.backward()
    text = lambda value, scale=1: exact.canonical(value.grad * scale)
    shown = []
    for layer, rows, shifts in zip(layers, weights, biases):
        entry = {"weights": [[text(w) for w in row] for row in rows]}
        if "biases" in layer:
            entry["biases"] = [text(b) for b in shifts]
        shown.append(entry)
    # An input belongs to one example alone; its adjoint is that of L_b = B times its share of L.
    inputs = [[text(x, len(examples)) for x in rates] for rates in inputs_gradient]
    return {"format": exact.FORMAT_GRADIENT, "case": exact.digest(case), "number": "exact",
            "quantity": "gradient", "loss": exact.canonical(loss.data), "layers": shown, "inputs": inputs}


def legible(case):
    """Whether micrograd speaks of this case: its only kink convention is the left one, and it has no balance."""
    layers = case["network"]["layers"]
    if any("balance" in layer for layer in layers):
        return False
    conventions = {layer.get("kink", case.get("kink", "left")) for layer in layers}
    return conventions == {"left"} or not generate.on_kink(case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="without it, only exact.py is compared")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    # A graph of Values is walked recursively; deep sums of small nets stay far below this.
    sys.setrecursionlimit(20_000)
    passed, failed, kinked, entries, nonzero = 0, 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "case.json"
        for case in generate.cases(options.seed, 5 * options.count, kind="layered"):
            if passed + failed >= options.count:
                break
            if not legible(case):
                continue
            path.write_text(json.dumps(case), encoding="utf-8")
            try:
                ours = evaluate(case)
                compare.compare(exact.evaluate(case), ours)
                for rule in ["credit", "backprop"] if options.binary else []:
                    counts = compare.compare(json.loads(compare.run(options.binary, path, rule)), ours)
                    entries, nonzero = entries + counts[0], nonzero + counts[1]
            except compare.Difference as difference:
                print(f"{case['name']}: {difference}")
                failed += 1
                continue
            passed, kinked = passed + 1, kinked + generate.on_kink(case)
    print(f"{entries} entries of the binary compared with micrograd by ==, {nonzero} not zero; {kinked} cases on a kink")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    compared = nonzero > 0 or options.binary is None
    if passed < options.count or not compared:
        print(f"FAILED: {options.count} cases were asked for, {passed} agree")
    return 0 if passed >= options.count > 0 and not failed and compared else 1


if __name__ == "__main__":
    sys.exit(main())
