#!/usr/bin/env python3
"""Random cases for the oracles, every one a legal creditcheck/case/1 file with rational activations.

    generate.py --seed 7 --count 20 --out DIR      writes DIR/0000.json ... and prints what they cover
    generate.py --seed 7 --count 1                 prints one case on stdout

The same seed gives the same cases. Degenerate shapes blind even an exact comparison (a net of
width 1 cannot tell W from its transpose), so most nets have width 2 or more, square and
rectangular layers, batches of 2 and more, and part of them sits on a kink exactly.
"""

import argparse
import json
import pathlib
import random
import sys
from fractions import Fraction

import exact

EXACT = list(exact.ACTIVATIONS)
KINKED = {"relu", "leaky_relu", "hard_tanh"}
DEGREE = {"square": 2, "quadratic": 2, "cubic": 3, **dict.fromkeys(exact.QUOTIENTS, 3)}


class Numbers:
    """Draws a number and writes it down: one family of values per case."""

    FAMILIES = ["dyadic"] * 5 + ["integer", "rational", "rational", "mixed", "mixed"]

    def __init__(self, rng):
        self.rng, self.family = rng, rng.choice(self.FAMILIES)

    def value(self):
        family = self.family
        if family == "mixed":
            family = self.rng.choice(["dyadic", "integer", "rational"])
        if family == "dyadic":
            return Fraction(self.rng.randint(-12, 12), 8)
        if family == "integer":
            return Fraction(self.rng.randint(-3, 3))
        return Fraction(self.rng.randint(-9, 9), self.rng.choice([2, 3, 5, 6, 7]))

    def nonzero(self):
        while True:
            value = self.value()
            if value:
                return value

    def text(self, value):
        """One of the ways to write this value: fraction, decimal, hex float, JSON integer."""
        ways = [str(value), str(value)]
        if value.denominator == 1:
            ways += [int(value), f"{value}.0", f"{value}/1"]
        else:
            ways.append(f"{value.numerator * 3}/{value.denominator * 3}")
        if 1000 % value.denominator == 0:
            sign, thousandths = "-" if value < 0 else "", abs(value) * 1000
            ways.append(f"{sign}{thousandths // 1000}.{int(thousandths % 1000):03d}")
        if value.denominator & (value.denominator - 1) == 0:
            sign = "-" if value < 0 else ""
            ways.append(f"{sign}0x{abs(value.numerator):x}p-{value.denominator.bit_length() - 1}")
            ways.append(f"{sign}0x{abs(value.numerator):x}.0p{-(value.denominator.bit_length() - 1):+d}")
        return self.rng.choice(ways)

    def matrix(self, rows, columns):
        # Now and then a synapse of weight zero: present, but silent.
        draw = lambda: self.value() if self.rng.random() < 0.1 else self.nonzero()
        return [[self.text(draw()) for _ in range(columns)] for _ in range(rows)]

    def vector(self, length):
        return [self.text(self.value()) for _ in range(length)]


def activation(rng, numbers, budget):
    """An activation as JSON; `budget` bounds the degree, so that digits do not explode."""
    name = rng.choice([name for name in EXACT if DEGREE.get(name, 1) <= budget])
    if name == "leaky_relu":
        return {"name": name, "slope": numbers.text(Fraction(rng.choice([1, 1, 2, -1]), rng.choice([4, 8, 10])))}
    if name == "hard_tanh" and rng.random() < 0.4:
        return {"name": name, "min": numbers.text(Fraction(rng.randint(-9, -2), 4)), "max": "3/4"}
    return name


def name_of(activation):
    return activation if isinstance(activation, str) else activation["name"]


def layered(rng):
    numbers, depth = Numbers(rng), rng.choice([1, 2, 2, 3, 3, 4])
    widths = [rng.choice([1, 2, 2, 3, 3, 4, 5]) for _ in range(depth + 1)]
    if rng.random() < 0.4:
        widths = [rng.choice([2, 3])] * (depth + 1)
    layers, budget = [], 18
    for before, width in zip(widths, widths[1:]):
        sigma = activation(rng, numbers, budget)
        budget //= DEGREE.get(name_of(sigma), 1)
        layer = {"weights": numbers.matrix(width, before), "activation": sigma}
        if rng.random() < 0.85:
            layer["biases"] = numbers.vector(width)
        if rng.random() < 0.15:
            layer["kink"] = convention(rng, [sigma], True)
        layers.append(layer)
    return finish(rng, numbers, {"kind": "layered", "layers": layers}, widths[0], widths[-1])


def graph(rng):
    numbers, neurons = Numbers(rng), rng.randint(4, 9)
    order = rng.sample(range(neurons), neurons)
    inputs = order[: rng.randint(1, 2)]
    others = order[len(inputs):]
    outputs = rng.sample(others[-3:], rng.randint(1, min(2, len(others))))
    synapses, sigma, budget = [], [], {neuron: 18 for neuron in order}
    per_neuron = [None] * neurons
    for place, post in enumerate(order[len(inputs):], len(inputs)):
        pres = [pre for pre in order[:place] if rng.random() < 0.6][:4] or [rng.choice(order[:place])]
        if rng.random() < 0.05:
            pres = []
        synapses += [[post, pre, numbers.text(numbers.nonzero())] for pre in pres]
        least = min([budget[pre] for pre in pres], default=18)
        per_neuron[post] = activation(rng, numbers, least)
        budget[post] = least // DEGREE.get(name_of(per_neuron[post]), 1)
    rng.shuffle(synapses)
    sigma = [chosen or "identity" for chosen in per_neuron]
    network = {"kind": "graph", "neurons": neurons, "inputs": inputs, "outputs": outputs,
               "activation": sigma, "synapses": synapses}
    if rng.random() < 0.8:
        network["biases"] = [0 if n in inputs else numbers.text(numbers.value()) for n in range(neurons)]
    return finish(rng, numbers, network, len(inputs), len(outputs))


def finish(rng, numbers, network, inputs, outputs):
    batch = rng.choice([1, 2, 2, 3, 4])
    case = {"format": "creditcheck/case/1", "network": network, "loss": "half_squared_error",
            "learning_rate": numbers.text(Fraction(rng.choice([-1, 1, 2, 3, 5]), rng.choice([2, 4, 8, 10])))}
    if rng.random() < 0.4:
        case["kink"] = convention(rng, under_the_case(case))
    case["examples"] = [{"input": numbers.vector(inputs), "target": numbers.vector(outputs)} for _ in range(batch)]
    if rng.random() < 0.5:
        sit_on_kinks(rng, case)
    if rng.random() < 0.08:
        own_balance(rng, case)
        # A balance function with one kink has no inner slope.
        for place in (case, *case["network"].get("layers", [])):
            if place.get("kink") in ("inner", "outer"):
                place["kink"] = "1/3"
    # In layers this is no difference.
    if rng.random() < 0.3:
        case["output_credit"] = "clamp"
    return case


def own_balance(rng, case):
    """Replaces balance functions: the credit rule is then no longer the gradient, and both are compared."""
    network, names = case["network"], ["identity", "square", "quadratic", "relu", "softsign"]
    if network["kind"] == "layered":
        rng.choice(network["layers"])["balance"] = rng.choice(names)
    else:
        network["balance"] = [rng.choice([None, None, *names]) for _ in range(network["neurons"])]
    case["expect"] = "disagree"


def under_the_case(case):
    """The activations that take the convention of the case."""
    network = case["network"]
    if network["kind"] == "layered":
        return [layer["activation"] for layer in network["layers"] if "kink" not in layer]
    return [sigma for neuron, sigma in enumerate(network["activation"]) if neuron not in network["inputs"]]


def convention(rng, activations, of_layer=False):
    """A kink convention that a case may have for these: `inner` and `outer` where no kink is alone, in a layer of its own where there are two."""
    words, numbers = ["left", "right", "mean", f"{rng.randint(0, 5)}/5", "0.25"], [len(kinks_of(sigma)) for sigma in activations]
    if 1 not in numbers and (2 in numbers or not of_layer):
        words += ["inner", "outer"] * 3
    return rng.choice(words)


def kinks_of(activation):
    if name_of(activation) == "hard_tanh":
        given = activation if isinstance(activation, dict) else {}
        return [exact.number(given.get("min", -1)), exact.number(given.get("max", 1))]
    return [Fraction(0)] if name_of(activation) in KINKED else []


def sit_on_kinks(rng, case):
    """Moves biases, one neuron at a time, until net inputs of one example are exactly kinks."""
    network, example = case["network"], rng.randrange(len(case["examples"]))
    for where in list(exact.net_inputs(case, example)):
        if network["kind"] == "layered":
            layer, neuron = network["layers"][where[0]], where[1]
            biases, sigma = layer.get("biases"), layer["activation"]
        else:
            biases, neuron, sigma = network.get("biases"), where, network["activation"][where]
        kinks = kinks_of(sigma)
        if kinks and biases and rng.random() < 0.5:
            gap = rng.choice(kinks) - exact.net_inputs(case, example)[where]
            biases[neuron] = str(exact.number(biases[neuron]) + gap)


def cases(seed, count, kind=None, graphs=0.3):
    """`count` cases; a case depends on the seed and its own number alone."""
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        if kind == "layered" or (kind is None and rng.random() >= graphs):
            case = layered(rng)
        else:
            case = graph(rng)
        yield {"format": case["format"], "name": f"random-{seed}-{index}", **case}


def on_kink(case):
    """Whether some net input of some example is exactly a kink."""
    network = case["network"]
    for example in range(len(case["examples"])):
        for where, s in exact.net_inputs(case, example).items():
            if network["kind"] == "layered":
                sigma = network["layers"][where[0]]["activation"]
            else:
                sigma = network["activation"]
                sigma = sigma[where] if isinstance(sigma, list) else sigma
            if s in kinks_of(sigma):
                return True
    return False


def coverage(case):
    """The features of a case that decide which mistakes it can expose."""
    network, found = case["network"], {case["network"]["kind"]}
    if network["kind"] == "layered":
        shapes = [(len(layer["weights"]), len(layer["weights"][0])) for layer in network["layers"]]
        if any(rows == columns > 1 for rows, columns in shapes):
            found.add("square layer")
        if any(rows != columns for rows, columns in shapes):
            found.add("rectangular layer")
    if len(case["examples"]) > 1:
        found.add("batch")
    if on_kink(case):
        found.add("on a kink")
    if case.get("output_credit") == "clamp" and case["network"]["kind"] == "graph":
        found.add("clamped output credit")
    if "expect" in case:
        found.add("own balance function")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kind", choices=["layered", "graph"])
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    counts = {}
    for index, case in enumerate(cases(options.seed, options.count, options.kind)):
        text = json.dumps(case, indent=1) + "\n"
        if options.out is None:
            print(text, end="")
            continue
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{index:04}.json").write_text(text, encoding="utf-8")
        for feature in coverage(case):
            counts[feature] = counts.get(feature, 0) + 1
    for feature, count in sorted(counts.items()):
        print(f"{feature}: {count} of {options.count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
