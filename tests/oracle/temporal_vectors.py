#!/usr/bin/env python3
"""The vectors over time by a stranger: every value computed anew after the header of the files alone, compared with ==.

    temporal_vectors.py [fixtures/vectors/v1/temporal_*_test.json]

Nothing here knows the program. Numbers are fractions. Exit 0 if every valid and acceptable test is met in all its values and
every invalid one is differed from; 1 otherwise, also if nothing ran.
"""

import json
import pathlib
import sys
from fractions import Fraction

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures/vectors/v1"
HALF = Fraction(1, 2)


def numbers(node):
    return [numbers(child) for child in node] if isinstance(node, list) else Fraction(node)


def times(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector)) for row in matrix]


def transposed(matrix):
    return [list(column) for column in zip(*matrix)]


def plus(*vectors):
    return [sum(entries) for entries in zip(*vectors)]


def scaled(factor, vector):
    return [factor * value for value in vector]


def each(a, b):
    return [x * y for x, y in zip(a, b)]


class Case:
    def __init__(self, case):
        net = case["network"]
        self.leak = Fraction(net["leak"])
        self.gain = 1 - self.leak
        self.W, self.U, self.V = (numbers(net[name]) for name in ("recurrent", "input", "readout"))
        self.b = numbers(net["readout_biases"]) if "readout_biases" in net else None
        self.types = net.get("types")
        self.cells = len(self.W)
        self.activation = net["activation"]
        self.kink = case.get("kink", "left")
        self.all_steps = case["steps"] == "all"
        self.examples = [(numbers(e["input"]), numbers(e["target"])) for e in case["examples"]]

    def rate(self, s):
        name = self.activation if isinstance(self.activation, str) else self.activation["name"]
        if name == "identity":
            return s, Fraction(1)
        if name == "quadratic":
            return s + s * s, 1 + 2 * s
        below = Fraction(self.activation["slope"]) if name == "leaky_relu" else Fraction(0)
        at_kink = {"left": below, "right": Fraction(1), "mean": (below + 1) * HALF}.get(self.kink)
        if at_kink is None:  # a number: the share of the slope on the right
            at_kink = below + (1 - below) * Fraction(self.kink)
        return (s if s > 0 else below * s), Fraction(1) if s > 0 else below if s < 0 else at_kink

    def forwards(self, inputs, targets):
        """Row t of each is step t; row 0 is what there is before the first."""
        nothing = [Fraction(0)] * self.cells
        run = {"x": [[Fraction(0)] * len(inputs[0])] + inputs, "s": [nothing], "z": [nothing], "h": [nothing], "y": [None],
               "error": [None], "l": [nothing], "a": [nothing], "trace": [nothing], "seen": [[Fraction(0)] * len(inputs[0])]}
        last = len(inputs)
        for t in range(1, last + 1):
            x, before = inputs[t - 1], run["z"][-1]
            s = plus(scaled(self.leak, run["s"][-1]), scaled(self.gain, plus(times(self.W, before), times(self.U, x))))
            fired = [self.rate(value) for value in s]
            z, h = [value for value, _ in fired], [slope for _, slope in fired]
            y = times(self.V, z)
            if self.b is not None:
                y = plus(y, self.b)
            counted = self.all_steps or t == last
            error = [(value - wanted) * counted for value, wanted in zip(y, targets[t - 1])]
            signal = times(transposed(self.V), error)
            run["trace"].append(plus(scaled(self.leak, run["trace"][-1]), scaled(self.gain, before)))
            run["seen"].append(plus(scaled(self.leak, run["seen"][-1]), scaled(self.gain, x)))
            for name, value in (("s", s), ("z", z), ("h", h), ("y", y), ("error", error), ("l", signal), ("a", each(h, signal))):
                run[name].append(value)
        return run

    def exact(self, run):
        last = len(run["s"]) - 1
        credit, g = [None] * (last + 2), [None] * (last + 2)
        g[last + 1] = [Fraction(0)] * self.cells
        for t in range(last, 0, -1):
            credit[t] = plus(run["l"][t], scaled(self.gain, times(transposed(self.W), g[t + 1])))
            g[t] = plus(each(run["h"][t], credit[t]), scaled(self.leak, g[t + 1]))
        return credit, g

    def feedback(self, rule):
        if rule.get("feedback", "cell") == "cell":
            return self.W
        found = [[Fraction(0)] * self.cells for _ in range(self.cells)]
        cells = range(self.cells)
        for j in cells:
            for p in cells:
                if j != p:
                    block = [self.W[i][k] for i in cells for k in cells if self.types[i] == self.types[j]
                             and self.types[k] == self.types[p] and (i != k or rule["diagonal"] == "counted")]
                    found[j][p] = sum(block) / len(block)
        return found

    def signals(self, rule, run):
        """Whether it is the autodiff form; and its g or Lambda of every step."""
        last, cells = len(run["s"]) - 1, range(self.cells)
        hat = self.feedback(rule)
        back = transposed(hat)
        mu = numbers(rule.get("mu", "0"))
        mu = mu if isinstance(mu, list) else [mu] * self.cells
        if rule.get("form") == "autodiff":
            g = [None] * (last + 1) + [[Fraction(0)] * self.cells]
            for t in range(last, 0, -1):
                relayed = scaled(self.gain, each(mu, times(back, g[t + 1])))
                g[t] = plus(run["a"][t], scaled(self.leak, g[t + 1]), relayed)
            return True, g[:last + 1]
        if rule["name"] == "eprop":
            count = 0
        elif rule["name"] == "mdgl":
            count = 1
        else:
            count = last - 1 if rule["taps"] == "all" else rule["taps"]
        keep = self.leak if rule.get("form") == "filter" else Fraction(0)
        D = [[keep * (j == l) + self.gain * hat[j][l] * mu[l] for l in cells] for j in cells]
        tap, taps = [scaled(self.gain, row) for row in hat], []
        for _ in range(count):
            taps.append(tap)
            tap = [[sum(D[j][l] * tap[l][p] for l in cells) for p in cells] for j in cells]
        credit = [None]
        for t in range(1, last + 1):
            arriving = [times(transposed(F), run["a"][t + s]) for s, F in enumerate(taps, 1) if t + s <= last]
            credit.append(plus(run["l"][t], *arriving))
        return False, credit

    def sums(self, run, signals, is_adjoint):
        """Of one example: the derivatives of W and U, by Lambda and traces or by g."""
        recurrent = [[Fraction(0)] * self.cells for _ in range(self.cells)]
        inputs = [[Fraction(0)] * len(self.U[0]) for _ in range(self.cells)]
        for t in range(1, len(signals)):
            left = scaled(self.gain, signals[t]) if is_adjoint else each(run["h"][t], signals[t])
            pre, x = (run["z"][t - 1], run["x"][t]) if is_adjoint else (run["trace"][t], run["seen"][t])
            for matrix, right in ((recurrent, pre), (inputs, x)):
                for p, row in enumerate(matrix):
                    matrix[p] = [entry + left[p] * value for entry, value in zip(row, right)]
        return recurrent, inputs

    def readouts(self, run):
        steps = range(1, len(run["s"]))
        weights = [[sum(run["error"][t][k] * run["z"][t][p] for t in steps) for p in range(self.cells)]
                   for k in range(len(self.V))]
        return weights, [sum(run["error"][t][k] for t in steps) for k in range(len(self.V))]


def mean(parts):
    first = parts[0]
    if isinstance(first, list):
        return [mean([part[k] for part in parts]) for k in range(len(first))]
    return sum(parts) / len(parts)


def expected(case):
    runs = [case.forwards(*example) for example in case.examples]
    exact = [case.exact(run) for run in runs]
    by_credit = [case.sums(run, credit[:-1], False) for run, (credit, _) in zip(runs, exact)]
    by_adjoint = [case.sums(run, g[:-1], True) for run, (_, g) in zip(runs, exact)]
    assert by_credit == by_adjoint, "the two forms of the exact gradient differ"
    readouts = [case.readouts(run) for run in runs]
    gradient = {"recurrent": mean([part[0] for part in by_credit]), "input": mean([part[1] for part in by_credit]),
                "readout": mean([part[0] for part in readouts])}
    if case.b is not None:
        gradient["readout_biases"] = mean([part[1] for part in readouts])
    names = {"netInputs": "s", "rates": "z", "slopes": "h", "readouts": "y", "readoutErrors": "error",
             "learningSignals": "l", "gatedSignals": "a", "traces": "trace"}
    examples = []
    for run, (credit, g) in zip(runs, exact):
        steps = [{**{name: run[own][t] for name, own in names.items()}, "totalCredits": credit[t], "adjoints": g[t]}
                 for t in range(1, len(run["s"]))]
        examples.append({"steps": steps})
    losses = [HALF * sum(e * e for row in run["error"][1:] for e in row) for run in runs]
    return runs, {"loss": mean(losses), "examples": examples, "gradient": gradient}


def of_rule(case, runs, rule):
    found = [case.signals(rule, run) for run in runs]
    parts = [case.sums(run, signals, is_adjoint) for run, (is_adjoint, signals) in zip(runs, found)]
    name = "adjoints" if found[0][0] else "totalCredits"
    return {"rule": rule, name: [signals[1:] for _, signals in found],
            "gradient": {"recurrent": mean([part[0] for part in parts]), "input": mean([part[1] for part in parts])}}


def compare(theirs, ours, path, count):
    """Counts equal numbers; where two are not equal, fails with the place."""
    if isinstance(ours, dict):
        assert set(theirs) == set(ours), f"{path}: {sorted(theirs)} and {sorted(ours)}"
        for name in ours:
            if name != "rule":
                compare(theirs[name], ours[name], f"{path}.{name}", count)
    elif isinstance(ours, list):
        assert len(theirs) == len(ours), f"{path}: {len(theirs)} and {len(ours)} entries"
        for k, (a, b) in enumerate(zip(theirs, ours)):
            compare(a, b, f"{path}[{k}]", count)
    else:
        assert Fraction(theirs) == ours, f"{path}: {theirs} and {ours}"
        count[0] += 1


def check(test, count):
    case, theirs = Case(test["case"]), test["expected"]
    runs, ours = expected(case)
    if test["result"] != "invalid":
        ours["rules"] = [of_rule(case, runs, one["rule"]) for one in theirs["rules"]]
        compare(theirs, ours, "expected", count)
        return
    gradient = dict(ours["gradient"])
    if theirs["rule"]["name"] not in ("bptt", "rtrl"):
        gradient.update(of_rule(case, runs, theirs["rule"])["gradient"])
    assert numbers_of(theirs["gradient"]) != gradient, "not differed from"
    count[1] += 1


def numbers_of(gradient):
    return {name: numbers(value) for name, value in gradient.items()}


def main():
    files = [pathlib.Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("temporal_*_test.json"))
    count, tests, failed = [0, 0], 0, 0
    for path in files:
        file = json.loads(path.read_text(encoding="utf-8"))
        ran = 0
        for test in (test for group in file["testGroups"] for test in group["tests"]):
            ran += 1
            try:
                check(test, count)
            except AssertionError as error:
                failed += 1
                print(f"{path.name}: {test['comment']}: {error}")
        assert ran == file["numberOfTests"], f"{path.name}: {ran} of {file['numberOfTests']} tests"
        tests += ran
    print(f"{tests} tests of {len(files)} files: {count[0]} numbers equal, {count[1]} wrong gradients differed from, {failed} failed")
    return 1 if failed or not count[0] or not count[1] else 0


if __name__ == "__main__":
    sys.exit(main())
