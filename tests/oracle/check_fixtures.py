#!/usr/bin/env python3
"""Checks the hand-written cases and the digest vector by exact.py alone: are they what their names say?

    check_fixtures.py            needs no binary and no package
"""

import json
import pathlib
import sys
from fractions import Fraction

import exact
import generate
import values

FIXTURES = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"
WITHOUT_RATIONAL_VALUES = {"activation-tanh", "activation-logistic", "activation-softplus"}
CONVENTIONS = {"relu": ("left", "right", "mean", "third"), "leaky-relu": ("left", "right", "mean"),
               "hard-tanh": ("left", "right", "mean", "inner", "outer")}
WITHOUT_GRADIENT = {"dead-relu", "zero-error"}
# The table of the worked example: the update by hand.
WORKED_EXAMPLE = [
    {"weights": [["217/128", "217/256"], ["-651/256", "-651/512"]], "biases": ["217/128", "-651/256"]},
    {"weights": [["651/1024", "1085/4096"]], "biases": ["217/256"]},
]


def entries_of(document):
    """Every value of the gradient itself, without the loss and the inputs."""
    found = []

    def walk(node):
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, (dict, list)):
                walk(child)
            elif isinstance(child, str):
                found.append(Fraction(child))

    for field in ("layers", "synapses", "biases"):
        walk(document.get(field, []))
    return found


def problems(path, answers):
    """What is wrong with one case."""
    case = exact.load(path)
    if case.get("name") != path.stem:
        yield f"its name is {case.get('name')!r}"
    try:
        ours = {(rule, method): exact.evaluate(case, rule, method)
                for rule in ("credit", "backprop") for method in exact.METHODS}
    except exact.Unsupported:
        if path.stem not in WITHOUT_RATIONAL_VALUES:
            yield "it has no rational values"
        return
    for rule in ("credit", "backprop"):
        if ours[rule, "tape"] != ours[rule, "dual"]:
            yield f"the reverse tape and the dual numbers differ with rule {rule}"
    answers[path.stem] = ours["backprop", "tape"]
    differs = entries_of(ours["credit", "tape"]) != entries_of(ours["backprop", "tape"])
    if differs != (case.get("expect") == "disagree"):
        yield f"expect is {case.get('expect')!r}, but the rule {'differs from' if differs else 'is'} the gradient"
    if any(entries_of(answers[path.stem])) == (path.stem in WITHOUT_GRADIENT):
        yield "zero and nonzero gradients are not where the name says"
    if ("kink" in path.stem) != generate.on_kink(case):
        yield "no net input is on a kink" if "kink" in path.stem else "a net input is on a kink by accident"


def main():
    failures, answers = [], {}
    # Networks that run in time are temporal.py's: exact.py knows none.
    paths = [path for path in sorted((FIXTURES / "cases").glob("*.json"))
             if exact.load(path)["network"]["kind"] != "temporal"]
    for path in paths:
        failures += [f"{path.name}: {problem}" for problem in problems(path, answers)]
    update = exact.evaluate(exact.load(FIXTURES / "cases" / "worked-example.json"), quantity="update")
    if update["layers"] != WORKED_EXAMPLE:
        failures.append("worked-example.json: the update is not the one of the table")
    for family in ("relu", "leaky-relu", "hard-tanh"):
        variants = [answers[f"kink-{family}-{kink}"]["layers"] for kink in CONVENTIONS[family]]
        if any(variants.count(variant) > 1 for variant in variants):
            failures.append(f"kink-{family}: two conventions give the same gradient")
    vectors = exact.load(FIXTURES / "schema" / "digest-vectors.json")["vectors"]
    for vector in vectors:
        text = json.dumps(values.canonical_form(vector["case"]), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if (text, exact.digest(vector["case"])) != (vector["canonical"], vector["digest"]):
            failures.append(f"digest-vectors.json: another digest of {vector['case']['name']!r}")
    if vectors[0]["case"] != exact.load(FIXTURES / "cases" / "worked-example.json"):
        failures.append("digest-vectors.json: its first case is not the worked example")
    for failure in failures:
        print(failure)
    failed = len({failure.split(":")[0] for failure in failures})
    print(f"{len(paths) + len(vectors) - failed} passed, {failed} failed")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
