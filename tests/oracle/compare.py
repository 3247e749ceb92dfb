#!/usr/bin/env python3
"""Compares the creditcheck binary with exact.py, entry by entry, with == on fractions.

    compare.py --binary target/release/creditcheck --count 1000 --seed 7
    compare.py --binary target/release/creditcheck --cases fixtures/cases    the hand-written cases as well
    compare.py --self-test                        would it notice a wrong entry? needs no binary

Each layered case runs with --rule credit, backprop and tangent, whose outputs must be the same
bytes but for the name of the rule, and with --rule feedback_alignment and random matrices; each
graph runs with credit and tangent. Every value must equal the independent evaluation. After each agreement one entry of the output is changed, and
the comparison must refuse the changed copy: a comparison that cannot fail proves nothing.
Exit 0 all agree, 1 otherwise, also when fewer cases ran than were asked for.
"""

import argparse
import copy
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from multiprocessing import Pool

import exact
import generate

RULES = {"layered": ["credit", "backprop", "tangent"], "graph": ["credit", "tangent"]}
TIMEOUT_S = 120  # of one run of the binary; a hang is a failure, not a wait


class Difference(Exception):
    """Where two outputs differ, and how."""


def leaves(document):
    """The values of a gradient document: (path, text) in order, structure included in the path."""

    def walk(node, path):
        if isinstance(node, dict):
            for key in sorted(node):
                yield from walk(node[key], f"{path}.{key}")
        elif isinstance(node, list):
            for index, child in enumerate(node):
                yield from walk(child, f"{path}[{index}]")
        else:
            yield path, node

    for field in ("loss", "layers", "synapses", "biases", "inputs"):
        if field in document:
            yield from walk(document[field], field)


def compare(theirs, ours):
    """The numbers of entries, and of those not zero, if `theirs` equals `ours`; else Difference."""
    for field in ("format", "case", "number", "quantity"):
        if theirs.get(field) != ours[field]:
            raise Difference(f"{field}: {theirs.get(field)!r} instead of {ours[field]!r}")
    if ("inputs" in theirs) != ("inputs" in ours):
        raise Difference("inputs: missing, or too many")
    entries, nonzero = 0, 0
    found, expected = list(leaves(theirs)), list(leaves(ours))
    if [path for path, _ in found] != [path for path, _ in expected]:
        raise Difference("the shape of the document differs")
    for (path, value), (_, truth) in zip(found, expected):
        index = isinstance(truth, int)  # post and pre of a synapse
        if index != isinstance(value, int) or exact.number(value) != exact.number(truth):
            raise Difference(f"{path}: {value} instead of {truth}")
        if not index:
            # The output is in lowest terms; a value of another form is another text.
            if value != truth:
                raise Difference(f"{path}: {value} is not in lowest terms")
            entries, nonzero = entries + 1, nonzero + (value != "0")
    return entries, nonzero


def perturbed(document, rng):
    """A copy with one entry moved a little, or put in place of another."""
    changed = copy.deepcopy(document)
    spots = []

    def walk(node):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(child, (dict, list)):
                walk(child)
            elif isinstance(child, str):
                spots.append((node, key))

    for field in ("layers", "synapses", "biases", "inputs"):
        walk(changed.get(field, []))
    node, key = rng.choice(spots)
    value = exact.number(node[key])
    node[key] = exact.canonical(rng.choice([value + exact.Fraction(1, 2**200), -value or 1, value * 2 or 1]))
    return changed


def refuses(document, ours, rng):
    try:
        compare(perturbed(document, rng), ours)
    except Difference:
        return True
    return False


def without_rule(text):
    return re.sub(r'("rule":\s*)"[a-z]+"', r'\1"*"', text, count=1)


def run(binary, path, rule, *options):
    command = [binary, "gradient", str(path), "--rule", rule, "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT_S)
    if done.returncode != 0:
        raise Difference(f"--rule {rule} exits {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def check(binary, path, rng):
    """One case: (entries, nonzero) over all its rules."""
    case = exact.load(path)
    kind = case["network"]["kind"]
    own_rule = "balance" in json.dumps(case["network"]) or case.get("output_credit") == "clamp"
    texts, counts = [], [0, 0]
    answers = {rule: exact.evaluate(case, rule) for rule in ({"credit", "backprop"} if own_rule else {"backprop"})}
    for rule in RULES[kind]:
        ours = answers["credit" if own_rule and rule == "credit" else "backprop"]
        text = run(binary, path, rule)
        theirs = json.loads(text)
        if theirs.get("rule") != rule:
            raise Difference(f"rule: {theirs.get('rule')!r} instead of {rule!r}")
        try:
            entries, nonzero = compare(theirs, ours)
        except Difference as difference:
            raise Difference(f"--rule {rule}: {difference}") from None
        if not refuses(theirs, ours, rng):
            raise Difference("the comparison accepted an output with a wrong entry")
        counts = [counts[0] + entries, counts[1] + nonzero]
        if not (own_rule and rule == "credit"):
            texts.append(without_rule(text))
    if len(set(texts)) > 1:
        raise Difference("the rules give the same values in different bytes")
    if kind == "layered":
        found = aligned(binary, path, case, rng)
        counts = [sum(pair) for pair in zip(counts, found)]
    return counts


def aligned(binary, path, case, rng):
    """Feedback alignment with random matrices: (entries, nonzero)."""
    layers = case["network"]["layers"]
    shapes = [(len(layer["weights"][0]), len(layer["weights"])) for layer in layers[1:]]
    feedback = [[[exact.Fraction(rng.randint(-6, 6), 4) for _ in range(posts)] for _ in range(pres)]
                for pres, posts in shapes]
    ours = exact.evaluate(case, "feedback_alignment", feedback=feedback)
    options = {"feedback": [[[exact.canonical(value) for value in row] for row in matrix] for matrix in feedback]}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "options.json"
        file.write_text(json.dumps(options), encoding="utf-8")
        theirs = json.loads(run(binary, path, "feedback_alignment", "--options", str(file)))
    if theirs.get("options") != options:
        raise Difference(f"options: {theirs.get('options')!r}")
    try:
        found = compare(theirs, ours)
    except Difference as difference:
        raise Difference(f"feedback alignment: {difference}") from None
    if not refuses(theirs, ours, rng):
        raise Difference("the comparison accepted feedback alignment with a wrong entry")
    return found


def work(task):
    """One task of the pool: never raises, so that one bad case does not hide the others."""
    binary, path, seed = task
    try:
        return path, check(binary, path, random.Random(f"{seed}/{path.name}")), None
    except exact.Unsupported as reason:
        # What has no rational values the binary must refuse as unsupported, not answer.
        done = subprocess.run([binary, "gradient", str(path)], capture_output=True, timeout=TIMEOUT_S)
        if done.returncode == 2:
            return path, None, f"refused by both: {reason}"
        return path, [0, 0], f"exit {done.returncode} instead of 2 ({reason})"
    except Exception as failure:  # whatever it is, the case did not agree
        return path, [0, 0], f"{type(failure).__name__}: {failure}"


def self_test(count, seed):
    """Perturbed copies of our own answers must all be refused, and the unperturbed ones accepted."""
    refused, rng = 0, random.Random(seed)
    for case in generate.cases(seed, count):
        ours = exact.evaluate(case)
        compare(ours, ours)
        refused += refuses(ours, ours, rng)
    verdict = "ok" if refused == count > 0 else "FAILED"
    print(f"self-test {verdict}: {refused} of {count} outputs with one wrong entry refused")
    return 0 if refused == count > 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cases", type=pathlib.Path, help="a folder of cases to compare as well")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test(min(options.count, 200), options.seed)
    if options.binary is None:
        parser.error("--binary is required")
    with tempfile.TemporaryDirectory() as folder:
        tasks = []
        features = {}
        for index, case in enumerate(generate.cases(options.seed, options.count)):
            path = pathlib.Path(folder) / f"{index:04}.json"
            path.write_text(json.dumps(case), encoding="utf-8")
            tasks.append((options.binary, path, options.seed))
            for feature in generate.coverage(case):
                features[feature] = features.get(feature, 0) + 1
        if options.cases:
            # Networks that run in time are temporal.py's: exact.py knows none.
            tasks += [(options.binary, path, options.seed) for path in sorted(options.cases.glob("*.json"))
                      if exact.load(path)["network"]["kind"] != "temporal"]
        with Pool(options.jobs) as pool:
            results = pool.map(work, tasks, chunksize=8)
        return report(results, features, options)


def report(results, features, options):
    skipped = [(path, note) for path, counts, note in results if counts is None]
    failed = [(path, note) for path, counts, note in results if counts is not None and note]
    passed = [counts for _, counts, note in results if not note]
    entries, nonzero = (sum(counts[k] for counts in passed) for k in (0, 1))
    generated = sum(not note and path.parent != options.cases for path, _, note in results)
    for path, note in skipped:
        print(f"{path.name}: {note}")
    for path, note in failed[:20]:
        print(f"{path.name}: {note}")
    print("covered: " + ", ".join(f"{feature} {count}" for feature, count in sorted(features.items())))
    print(f"{entries} entries compared with ==, {nonzero} of them not zero (seed {options.seed})")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    enough = generated >= options.count > 0 and nonzero > 0
    if not enough:
        print(f"FAILED: {options.count} random cases were asked for, {generated} agree, {nonzero} entries are not zero")
    return 0 if enough and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
