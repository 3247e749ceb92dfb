#!/usr/bin/env python3
"""Are mistakes called by their right names? One wrong gradient for each of many random networks, and each sentence about it tried in long double.

    pip install numpy==2.4.6 ml_dtypes==0.6.0
    naming.py --count 2000 --seed 1 --binary BINARY             planted mistakes, found, named, misnamed
    naming.py --count 1000 --seed 1 --binary BINARY --noise     gradients that are wrong in no known way: nothing may be named

A campaign, run by hand. The networks and the mistakes are those of `frameworks.py`, which writes them by numpy in f32 and f64; here a third
of the gradients is rounded to bf16 in the end, and every other network whose layers all have biases, or none, is written as a graph.

What `check` says of a gradient is *right* if the sentence holds: the rule it names is computed here in long double and has these entries, or
the factor it states leads from the reference to them. That is asked whatever was planted, for two mistakes can have one result. A sentence
that does not hold is misnamed, and makes this program end with 1, as a wrong gradient does that ends with 0. Sentences that this program
cannot try (blocks in another order, clipped entries, a frozen block) count as right where their own mistake was planted, and as unknown else.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy as np

import frameworks as fw

NEAR = {"f64": 1e-8, "f32": 2e-3, "bf16": 0.06}  # of the largest entry of a block
SEEN = {"f64": 1e-7, "f32": 1e-2, "bf16": 0.15}
SLOPES = {
    "takes the rate for the balance factor": lambda net, l, sums, rates: rates[l + 1],
    "takes the balance factor at the rate instead of the net input": lambda net, l, sums, rates: fw.slope(net.activations[l], rates[l + 1]),
    "leaves out the balance factor": lambda net, l, sums, rates: np.ones_like(sums[l]),
    "takes the balance factor of the function of the layer before": lambda net, l, sums, rates: fw.slope(net.activations[l - 1], sums[l]),
    "takes the balance factor of the function of the next layer": lambda net, l, sums, rates: fw.slope(net.activations[l + 1], sums[l]),
    "takes the slope of ReLU for the balance factor": lambda net, l, sums, rates: fw.slope("relu", sums[l]),
    "takes x (1 − x), the slope of the logistic function, for the balance factor": lambda net, l, sums, rates: rates[l + 1] * (1 - rates[l + 1]),
}  # fmt: skip
FACTORS = {
    "has the opposite sign": lambda net: -1,
    "uses a loss without its ½, and so is twice as large": lambda net: 2,
    "sums over the examples instead of taking their mean": lambda net: len(net.x),
    "divides by the number of outputs": lambda net: 1 / np.longdouble(net.t.shape[1]),
    "applies the learning rate twice": lambda net: net.rate,
}
NONE = {"leaves the bias update zero": (1,), "freezes the parameters": (0, 1)}
OWN = {
    "transposed": "are transposed", "blocks-swapped": "in another order", "layers-reversed": "in another order", "frozen": "all zero",
    "clipped-by-norm": "clipped by norm", "clipped-by-value": "clipped by value", "bias-sum-broadcast": "is the sum of all of them",
}  # fmt: skip


def net_of(nets, number):
    """The network in which a gradient of this format is computed: bf16 is rounded to in the end."""
    return nets["f32" if number == "bf16" else number]


def rule_of(sentence):
    """The rule a sentence names, and where: a layer from 0, the output or the hidden neurons, or nothing for all."""
    where = r"(?: in layer (\d+)| at the (output|hidden) neurons)?"
    found = re.fullmatch(rf"this is the (?:gradient|update) of a rule that (.*?){where}(?:, up to rounding)?", sentence)
    return found and (found[1], int(found[2]) - 1 if found[2] else found[3])


def gradients_of(rule, where, net):
    """The gradients that a rule may have, by its name; nothing for a rule that is not known here."""
    last = len(net.weights) - 1
    is_there = lambda l: {None: True, "output": l == last, "hidden": l < last}.get(where, where == l)
    layer, right = where, fw.backprop(net)
    if rule in SLOPES:
        slope = lambda l, sums, rates: SLOPES[rule](net, l, sums, rates) if is_there(l) else fw.slope(net.activations[l], sums[l])
        yield fw.backprop(net, slopes=slope)
    elif rule in FACTORS:
        yield fw.put(right, {b: FACTORS[rule](net) * part for b, part in fw.blocks(right).items() if is_there(b[0])})
    elif rule in NONE:
        yield fw.put(right, {b: 0 * part for b, part in fw.blocks(right).items() if is_there(b[0]) and b[1] in NONE[rule]})
    elif rule == "has its weight updates transposed":
        yield fw.put(right, {(l, 0): right[l][0].T for l in fw.square_places(net) if is_there(l)})
    elif rule == "uses the balance factors of the neighbouring layer" and not isinstance(where, int):
        return
    elif rule == "uses the balance factors of the neighbouring layer":
        for other in (layer - 1, layer + 1):
            if 0 <= other < len(net.weights) and len(net.weights[other]) == len(net.weights[layer]):
                yield fw.slopes_of_neighbour(net, (layer, other))
    elif rule == "passes credit on without the balance factor":
        yield fw.backprop(net, passed=lambda l, delta, adjoint: adjoint if is_there(l) else delta)
    elif rule == "changes the weights before the credit has passed them":
        yield fw.backprop(net, feedback=lambda l, w, g: w - net.rate * g)
    elif rule == "sends credit back through W instead of its transpose":
        square = [l for l in fw.square_places(net) if l > 0]
        yield fw.backprop(net, feedback=lambda l, w, g: w.T if l in square and layer in (None, l) else w)


def are_near(one, other, number):
    """Whether two gradients are one, up to rounding in a format."""
    far = fw.distance(one, other)
    return far is not None and far <= NEAR[number]


def times(sentence, theirs, right, number, near):
    """Whether the factor that a sentence states leads from the right gradient to theirs; none if it states none."""
    found = re.search(r"^(.*) (?:are|is) (-?\d+(?:/\d+)?) times the exact ones", sentence)
    if not found:
        return None
    named = [(int(layer) - 1, int(kind == "biases")) for kind, layer in re.findall(r"(weights|biases) of layer (\d+)", found[1])]
    top, _, bottom = found[2].partition("/")
    factor = np.longdouble(int(top)) / np.longdouble(int(bottom or 1))
    for block, exact in fw.blocks(right).items():
        if (named or not found[1].startswith("all entries")) and block not in named:
            continue
        size = np.abs(exact).max() * abs(factor)
        if np.abs(fw.blocks(theirs)[block] - factor * exact).max() > max(NEAR[number], near) * size:
            return False
    return True


def holds(sentence, title, theirs, nets, right, number):
    """True, False, or None where it cannot be told here."""
    if rule := rule_of(sentence):
        tried = [are_near(found, theirs, number) for found in gradients_of(*rule, nets["long"])]
        return any(tried) if tried else None
    # Where even the right gradient loses its digits, a factor of it does.
    lost = fw.distance(fw.backprop(net_of(nets, number)), right)
    if (factor := times(sentence, theirs, right, number, 4 * (lost or 0))) is not None:
        return factor
    return True if OWN.get(title, "\0") in sentence else None


def held(gradient, number):
    """Rounded to the format, as f64; and as long double."""
    if number == "bf16":
        import ml_dtypes

        gradient = fw.each(gradient, lambda part: part.astype(np.float32).astype(ml_dtypes.bfloat16).astype(np.float64))
    return gradient, fw.each(gradient, lambda part: part.astype(np.longdouble))


def as_graph(case):
    """The same network as a graph."""
    layers = case["network"]["layers"]
    widths = [len(layers[0]["weights"][0]), *(len(layer["weights"]) for layer in layers)]
    first = np.cumsum([0, *widths]).tolist()
    synapses, biases, activations = [], ["0"] * widths[0], ["identity"] * widths[0]
    for l, layer in enumerate(layers):
        rows = enumerate(layer["weights"])
        synapses += [[first[l + 1] + post, first[l] + pre, w] for post, row in rows for pre, w in enumerate(row)]
        biases += layer.get("biases", [])
        activations += [layer["activation"]] * widths[l + 1]
    network = {"kind": "graph", "neurons": first[-1], "inputs": list(range(widths[0])), "outputs": list(range(first[-2], first[-1])),
               "activation": activations, "synapses": synapses}  # fmt: skip
    if "biases" in layers[0]:
        network["biases"] = biases
    return case | {"network": network}


def document_of_graph(case, gradient, number):
    network, found, biases = case["network"], fw.document(gradient, number), ["0"] * len(case["network"]["inputs"])
    entries = [w for layer in found["layers"] for row in layer["weights"] for w in row]
    biases += [b for layer in found["layers"] for b in layer.get("biases", [])]
    del found["layers"]
    found["synapses"] = [[post, pre, value] for (post, pre, _), value in zip(network["synapses"], entries)]
    return found | ({"biases": biases} if "biases" in network else {})


def noise(rng, right, number):
    """Wrong in no known way: every entry moved by up to 30 % of the largest of its block, by itself."""
    moved = lambda part: part + np.array([rng.uniform(-0.3, 0.3) for _ in range(part.size)]).reshape(part.shape) * np.abs(part).max()
    return fw.each(right, lambda part: moved(part).astype(fw.NUMPY["f32" if number == "bf16" else number]))


def planted(rng, case_number, nets, number):
    """The next mistake of the catalogue that can be seen in this network: its title and its gradient."""
    net = net_of(nets, number)
    reference, titles = fw.backprop(nets["long"]), list(fw.MISTAKES)
    for step in range(len(titles)):
        title = titles[(case_number + step) % len(titles)]
        mistake, source = fw.MISTAKES[title], fw.backprop(net)
        places = list(mistake.places(net, source))
        rng.shuffle(places)
        for place in places:
            gradient = mistake.made(net, source, place) if mistake.made else mistake.planted(net, place)
            far = fw.distance(gradient, reference)
            if far is not None and far >= SEEN[number]:
                return title, gradient
    return None, None


def ask(binary, folder, case, mine):
    for name, value in (("case.json", case), ("mine.json", mine)):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    command = [binary, "check", str(folder / "case.json"), str(folder / "mine.json"), "--format", "json", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    try:
        said = json.loads(run.stdout).get("diagnosis", [])
    except json.JSONDecodeError:
        said = []
    return run.returncode, [s for s in said if not s.startswith(fw.STOPPED)], any(s.startswith(fw.STOPPED) for s in said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="how many networks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", required=True, help="creditcheck")
    parser.add_argument("--noise", action="store_true", help="no known mistake")
    options = parser.parse_args()
    np.seterr(all="ignore")
    rows, findings, unknown = collections.defaultdict(collections.Counter), [], collections.Counter()
    folder = pathlib.Path(tempfile.mkdtemp())
    for case_number in range(options.count):
        rng, case, nets, right = fw.draw(options.seed, case_number)
        number, has_biases = ("f64", "f32", "bf16")[case_number % 3], {"biases" in layer for layer in case["network"]["layers"]}
        if options.noise:
            title, gradient = "noise", noise(rng, fw.backprop(net_of(nets, number)), number)
        else:
            title, gradient = planted(rng, case_number // 3, nets, number)
        if title is None:
            continue
        gradient, theirs = held(gradient, number)
        is_graph = len(has_biases) == 1 and case_number % 2 == 1
        asked = as_graph(case) if is_graph else case
        mine = document_of_graph(asked, gradient, number) if is_graph else fw.document(gradient, number)
        code, said, stopped = ask(options.binary, folder, asked, mine)
        row = rows[title, "graph" if is_graph else "layers"]
        truth = [holds(sentence, title, theirs, nets, right, number) for sentence in said]
        row.update(planted=1, found=code == 1, unchecked=code == 3, limit=code == 2, accepted=code == 0, named=bool(said), stopped=stopped)
        row.update(misnamed=False in truth or bool(options.noise and said), unknown=None in truth)
        unknown.update(f"{title}: {s}" for s, t in zip(said, truth) if t is None)
        # Over the limit of work nothing is judged.
        if code == 0 or False in truth or options.noise and said:
            findings.append((case_number, title, number, code, said))
            (folder / f"case_{case_number}.json").write_text(json.dumps(asked), encoding="utf-8")
            (folder / f"mine_{case_number}.json").write_text(json.dumps(mine), encoding="utf-8")
    columns = ["planted", "found", "unchecked", "limit", "accepted", "named", "misnamed", "unknown", "stopped"]
    print(f"{'mistake':38}" + "".join(f"{column:>10}" for column in columns))
    for (title, kind), row in sorted(rows.items()):
        print(f"{title:30}{kind:8}" + "".join(f"{row[column]:10}" for column in columns))
    total = sum(rows.values(), collections.Counter())
    print(f"{'all':38}" + "".join(f"{total[column]:10}" for column in columns))
    for sentence, count in unknown.most_common(40):
        print(f"not tried, {count} times: {sentence}")
    for finding in findings:
        print("finding:", *finding)
    if findings:
        print(f"kept in {folder}")
    return 1 if findings or not total["planted"] else 0


if __name__ == "__main__":
    sys.exit(main())
