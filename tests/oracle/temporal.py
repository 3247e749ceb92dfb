#!/usr/bin/env python3
"""Networks that run in time: compares the creditcheck binary with fractions, entry by entry, with ==.

    temporal.py --binary target/release/creditcheck --count 300 --seed 7 fixtures/cases/temporal-*.json
    temporal.py --self-test                      would it notice a wrong entry? needs no binary

The gradient itself comes from a reverse tape over the forward pass, which knows no rule. The approximate rules are written
as sums over powers of matrices, Lambda_t = l_t + sum_s F_s^T a_(t+s), with no recursion against time; the autodiff form by
unrolled paths. After each agreement one entry is changed, and the comparison must refuse it.
Exit 0 all agree, 1 otherwise, also when fewer cases ran than were asked for.
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
from multiprocessing import Pool

import exact
from differentiable import Dual, Taped
from values import canonical, digest, number

FIELDS = ("recurrent", "input", "biases", "readout", "readout_biases")
TIMEOUT_S = 120


class Difference(Exception):
    """Where two gradients differ, and how."""


def numbers(node):
    return [numbers(child) for child in node] if isinstance(node, list) else number(node)


def slope(case, s):
    return exact.fire(case["network"]["activation"], Dual(s, 1), case.get("kink", "left")).part


def parameters(network):
    """The parameters as fractions, keyed by field and place."""
    found = {}
    for field in ("recurrent", "input", "readout"):
        for post, row in enumerate(network[field]):
            for pre, value in enumerate(row):
                found[field, post, pre] = number(value)
    for field in ("biases", "readout_biases"):
        for k, value in enumerate(network.get(field, [])):
            found[field, k] = number(value)
    return found


def weighted(case, t):
    steps = case["steps"]
    if isinstance(steps, list):
        return t + 1 in steps
    return steps == "all" or t == len(case["examples"][0]["input"]) - 1


def starts(case):
    """Each example with the state it begins in."""
    rest = ["0"] * len(case["network"]["recurrent"])
    return list(zip(case["examples"], numbers(case.get("initial", [rest] * len(case["examples"])))))


def run(case, theta, example, start, fire):
    """Net inputs, rates and readouts of one example, in whatever numbers theta has."""
    net = case["network"]
    neurons, leak = len(net["recurrent"]), number(net["leak"])
    inputs, targets = numbers(example["input"]), numbers(example["target"])
    s, z, y = [], [], []
    for t, x in enumerate(inputs):
        now = []
        for p in range(neurons):
            current = sum((theta["input", p, m] * x[m] for m in range(1, len(x))), theta["input", p, 0] * x[0])
            if ("biases", p) in theta:
                current = current + theta["biases", p]
            for q in range(neurons):
                current = current + theta["recurrent", p, q] * (z[-1] if t else start)[q]
            now.append(current * (1 - leak) + (s[-1] if t else start)[p] * leak)
        s.append(now)
        z.append([fire(value) for value in now])
        outputs = []
        for k in range(len(net["readout"])):
            value = theta["readout", k, 0] * z[-1][0]
            for p in range(1, neurons):
                value = value + theta["readout", k, p] * z[-1][p]
            if ("readout_biases", k) in theta:
                value = value + theta["readout_biases", k]
            outputs.append(value)
        y.append(outputs)
    return s, z, y, inputs, targets


def by_tape(case):
    """The loss and all its derivatives."""
    tape = []
    theta = {key: Taped(value, tape) for key, value in parameters(case["network"]).items()}
    total = Taped(Fraction(0), tape)
    share = Fraction(1, 2 * len(case["examples"]))
    kink = case.get("kink", "left")
    for example, start in starts(case):
        fire = lambda s: exact.fire(case["network"]["activation"], s, kink)
        _, _, y, _, targets = run(case, theta, example, start, fire)
        for t, row in enumerate(y):
            if weighted(case, t):
                for k, value in enumerate(row):
                    error = value + -targets[t][k]
                    total = total + error * error * share
    total.backward()
    return total.value, {key: node.adjoint for key, node in theta.items()}


def times(a, b):
    return [[sum(x * b[l][j] for l, x in enumerate(row)) for j in range(len(b[0]))] for row in a]


def feedback_weights(net, feedback, diagonal):
    weights = numbers(net["recurrent"])
    if feedback == "cell":
        return weights
    types, size = net["types"], len(weights)
    pairs = lambda a, c: [(j, p) for j in range(size) for p in range(size) if types[j] == a and types[p] == c
                          and (diagonal == "counted" or j != p)]
    mean = lambda a, c: sum(weights[j][p] for j, p in pairs(a, c)) / Fraction(len(pairs(a, c)))
    own = net.get("diagonal", False) and diagonal == "counted"
    return [[mean(types[j], types[p]) if j != p or own else Fraction(0) for p in range(size)] for j in range(size)]


def by_rule(case, rule):
    """The loss and what an approximate rule makes of the derivatives; rule: name, feedback, diagonal, taps, mu, form."""
    net = case["network"]
    theta = parameters(net)
    neurons, leak = len(net["recurrent"]), number(net["leak"])
    gain = 1 - leak
    plain = lambda s: exact.fire(net["activation"], Dual(s), case.get("kink", "left")).value
    total, found, share = Fraction(0), dict.fromkeys(theta, Fraction(0)), Fraction(1, len(case["examples"]))
    hat = feedback_weights(net, rule.get("feedback", "cell"), rule.get("diagonal", "counted"))
    mu = rule.get("mu", [Fraction(0)] * neurons)
    keep = leak if rule.get("form", "filter") != "no-leak" else 0
    relay = [[gain * hat[j][l] * mu[l] + (keep if j == l else 0) for l in range(neurons)] for j in range(neurons)]
    identity = [[Fraction(j == l) for l in range(neurons)] for j in range(neurons)]
    for example, start in starts(case):
        s, z, y, x, targets = run(case, theta, example, start, plain)
        before = [start] + z[:-1]
        steps = range(len(s))
        error = [[(y[t][k] - targets[t][k]) * weighted(case, t) for k in range(len(y[t]))] for t in steps]
        total += sum(e * e for row in error for e in row) / 2 * share
        signal = [[sum(theta["readout", k, p] * e for k, e in enumerate(error[t])) for p in range(neurons)] for t in steps]
        h = [[slope(case, value) for value in s[t]] for t in steps]
        gated = [[h[t][p] * signal[t][p] for p in range(neurons)] for t in steps]
        for t in steps:
            for k, e in enumerate(error[t]):
                for p in range(neurons):
                    found["readout", k, p] += e * z[t][p] * share
                if ("readout_biases", k) in found:
                    found["readout_biases", k] += e * share
        if rule.get("form") == "autodiff":
            # What reaches step u from the signal at step t went over t - u relays, the leak among them.
            powers = [identity]
            for _ in steps:
                powers.append(times(powers[-1], relay))
            for u in steps:
                for p in range(neurons):
                    g = sum(powers[t - u][j][p] * gated[t][j] for t in steps if t >= u for j in range(neurons))
                    for q in range(neurons):
                        found["recurrent", p, q] += gain * g * before[u][q] * share
                    if ("biases", p) in found:
                        found["biases", p] += gain * g * share
                    for m, value in enumerate(x[u]):
                        found["input", p, m] += gain * g * value * share
            continue
        taps, tap = [], [[gain * w for w in row] for row in hat]
        for _ in range(min(rule["taps"], len(s))):
            taps.append(tap)
            tap = times(relay, tap)
        for t in steps:
            # The traces, written out: sum over the past of leak^(t-u) (1 - leak).
            past = lambda values, q: sum(leak ** (t - u) * gain * values[u][q] for u in range(t + 1))
            for p in range(neurons):
                credit = signal[t][p] + sum(
                    tap[j][p] * gated[t + 1 + n][j]
                    for n, tap in enumerate(taps) if t + 1 + n < len(s) for j in range(neurons))
                for q in range(neurons):
                    found["recurrent", p, q] += credit * h[t][p] * past(before, q) * share
                for m in range(len(x[0])):
                    found["input", p, m] += credit * h[t][p] * past(x, m) * share
                if ("biases", p) in found:
                    # An input that is always 1.
                    found["biases", p] += credit * h[t][p] * (1 - leak ** (t + 1)) * share
    return total, found


def document(case, answer):
    """The fields that the program writes, from ours."""
    loss, found = answer
    net = case["network"]
    ours = {"loss": canonical(loss)}
    for field in ("recurrent", "input", "readout"):
        ours[field] = [[canonical(found[field, post, pre]) for pre in range(len(row))]
                       for post, row in enumerate(net[field])]
    for field in ("biases", "readout_biases"):
        if field in net:
            ours[field] = [canonical(found[field, k]) for k in range(len(net[field]))]
    return ours


def compare(theirs, ours):
    """The numbers of entries, and of those not zero, if all are the same; else Difference."""
    count = [0, 0]

    def walk(a, b, path):
        if isinstance(b, list):
            if not isinstance(a, list) or len(a) != len(b):
                raise Difference(f"{path}: {a!r} has not {len(b)} entries")
            for index, (one, other) in enumerate(zip(a, b)):
                walk(one, other, f"{path}[{index}]")
        elif a != b:
            raise Difference(f"{path}: {a!r} instead of {b!r}")
        else:
            count[0] += 1
            count[1] += b != "0"

    for field in ("loss", *FIELDS):
        if (field in theirs) != (field in ours):
            raise Difference(f"{field}: on one side only")
        if field in ours:
            walk(theirs[field], ours[field], field)
    return count


def refuses(theirs, ours, rng):
    """Whether one wrong entry is noticed."""
    changed = copy.deepcopy(theirs)
    row = rng.choice(changed[rng.choice(("recurrent", "input", "readout"))])
    place = rng.randrange(len(row))
    row[place] = canonical(number(row[place]) + Fraction(1, 1 << 60))
    try:
        compare(changed, ours)
    except Difference:
        return True
    return False


def variants(case, rng):
    """What to ask for: arguments and our rule; None for the gradient itself."""
    for name in ("bptt", "rtrl", "factorised-rtrl", "tangent"):
        yield ["--rule", name], None
    neurons = len(case["network"]["recurrent"])
    feedbacks = [[("feedback", "cell")]]
    if "types" in case["network"]:
        feedbacks += [[("feedback", "type"), ("diagonal", word)] for word in ("counted", "excluded")]
    yield ["--rule", "eprop"], {"taps": 0}
    words = lambda options: [word for name, value in options for word in (f"--{name}", value)]
    for options in feedbacks:
        yield ["--rule", "mdgl", *words(options)], {**dict(options), "taps": 1}
        for form in ("filter", "no-leak", "autodiff"):
            mu = [Fraction(rng.randint(-2, 4), rng.choice((1, 2, 3)))]
            if rng.random() < 0.4:
                mu = [Fraction(rng.randint(-2, 4), rng.choice((1, 2, 3))) for _ in range(neurons)]
            taps = rng.choice(("all", "all", "0", "1", "2", "3", "4")) if form != "autodiff" else "all"
            chosen = [*options, ("form", form), ("taps", taps), ("mu", ",".join(map(str, mu)))]
            rule = {**dict(chosen), "taps": 99 if taps == "all" else int(taps), "mu": mu * neurons if len(mu) == 1 else mu}
            # In one argument: what begins with a minus is no option.
            yield ["--rule", "modprop", *(f"--{name}={value}" for name, value in chosen)], rule


def random_case(rng):
    """A small net; about half of them have a net input exactly on a kink."""
    neurons, inputs, readouts = rng.randint(1, 4), rng.randint(1, 2), rng.randint(1, 2)
    duration, batch = rng.randint(1, 6), rng.randint(1, 3)
    any_number = lambda: canonical(Fraction(rng.randint(-6, 6), rng.choice((1, 2, 4, 3))))
    matrix = lambda rows, columns: [[any_number() for _ in range(columns)] for _ in range(rows)]
    activation = rng.choice(("relu", "relu", "relu", "identity", "quadratic", "cubic", "hard_tanh",
                             {"name": "leaky_relu", "slope": "1/8"}))
    if activation in ("quadratic", "cubic"):
        duration = min(duration, 4)
    net = {"kind": "temporal", "leak": rng.choice(("0", "1/2", "9/10", "1/3")), "activation": activation,
           "recurrent": matrix(neurons, neurons), "input": matrix(neurons, inputs), "readout": matrix(readouts, neurons)}
    for p in range(neurons):
        net["recurrent"][p][p] = "0"
    if rng.random() < 0.3:
        net["diagonal"] = True
        for p in range(neurons):
            net["recurrent"][p][p] = any_number()
    if rng.random() < 0.3:
        net["biases"] = [any_number() for _ in range(neurons)]
    if rng.random() < 0.5:
        net["readout_biases"] = [any_number() for _ in range(readouts)]
    if rng.random() < 0.6:
        net["types"] = [rng.randrange(min(neurons, 3)) for _ in range(neurons)]
    case = {"format": "creditcheck/case/1", "network": net, "loss": "half_squared_error", "learning_rate": "1/8",
            "steps": rng.choice(("all", "last")),
            "examples": [{"input": matrix(duration, inputs), "target": matrix(duration, readouts)} for _ in range(batch)]}
    if rng.random() < 0.3:
        case["initial"] = matrix(batch, neurons)
    if rng.random() < 0.3:
        case["steps"] = sorted(rng.sample(range(1, duration + 1), rng.randint(1, duration)))
    if rng.random() < 0.5:
        case["kink"] = rng.choice(("left", "right", "mean", "1/3", *(("inner", "outer") if activation == "hard_tanh" else ())))
        case["examples"][0]["input"][0] = ["0"] * inputs
    return case


def check(binary, path, rng):
    """Compares every rule on one case; returns the numbers of entries and of those not zero."""
    case = json.loads(path.read_text(encoding="utf-8"))
    truth = by_tape(case)
    total = [0, 0, 0]
    for arguments, rule in variants(case, rng):
        try:
            asked = [binary, "gradient", str(path), *arguments, "--format", "json"]
            done = subprocess.run(asked, capture_output=True, timeout=TIMEOUT_S, text=True)
            if done.returncode != 0:
                raise Difference(f"exit {done.returncode}: {done.stderr.strip()}")
            theirs = json.loads(done.stdout)
            ours = document(case, truth if rule is None else by_rule(case, rule))
            if theirs["case"] != digest(case):
                raise Difference("another digest")
            entries, nonzero = compare(theirs, ours)
            if not refuses(theirs, ours, rng):
                raise Difference("the comparison accepted a wrong entry")
            # Whether the rule differs from the gradient here: else it might be the gradient under another name.
            differs = rule is not None and any(ours[field] != document(case, truth)[field] for field in FIELDS[:2])
            total = [total[0] + entries, total[1] + nonzero, total[2] + differs]
        except Difference as difference:
            raise Difference(f"{' '.join(arguments)}: {difference}") from None
    return total


def work(task):
    """One task of the pool: never raises, so that one bad case does not hide the others."""
    binary, path, seed = task
    try:
        return path, check(binary, path, random.Random(f"{seed}/{path.name}")), None
    except Exception as failure:  # whatever it is, the case did not agree
        return path, [0, 0, 0], f"{type(failure).__name__}: {failure}"


def self_test(count, seed):
    """The tape against the tap sums where a rule is the gradient (linear, mu 1, all taps), and wrong entries refused."""
    rng, refused, equal = random.Random(seed), 0, 0
    for _ in range(count):
        case = random_case(rng)
        case["network"]["activation"] = "identity"
        truth = document(case, by_tape(case))
        mu = [Fraction(1)] * len(case["network"]["recurrent"])
        for form in ("filter", "autodiff"):
            equal += document(case, by_rule(case, {"taps": 99, "mu": mu, "form": form})) == truth
        refused += refuses(truth, truth, rng)
    good = refused == count > 0 and equal == 2 * count
    print(f"self-test {'ok' if good else 'FAILED'}: {refused} of {count} wrong entries refused, "
          f"{equal} of {2 * count} linear cases equal by both ways")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    parser.add_argument("--binary")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test(min(options.count, 50), options.seed)
    if options.binary is None:
        parser.error("--binary is required")
    with tempfile.TemporaryDirectory() as folder:
        tasks, rng = [(options.binary, path, options.seed) for path in options.cases], random.Random(options.seed)
        for index in range(options.count):
            path = pathlib.Path(folder) / f"{index:04}.json"
            path.write_text(json.dumps(random_case(rng)), encoding="utf-8")
            tasks.append((options.binary, path, options.seed))
        with Pool(options.jobs) as pool:
            results = pool.map(work, tasks, chunksize=4)
    failed = [(path, note) for path, _, note in results if note]
    for path, note in failed[:20]:
        print(f"{path.name}: {note}")
    entries, nonzero, differing = (sum(counts[k] for _, counts, _ in results) for k in range(3))
    print(f"{entries} entries compared with ==, {nonzero} of them not zero (seed {options.seed}); "
          f"{differing} times a rule differs from the gradient")
    passed = len(results) - len(failed)
    print(f"{passed} passed, {len(failed)} failed")
    return 0 if not failed and passed >= options.count and nonzero > 0 and differing > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
