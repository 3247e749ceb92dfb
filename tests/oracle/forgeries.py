#!/usr/bin/env python3
"""Writes or checks fixtures/forgeries: false certificates, one lie each, with every digest, draw and row computed again.

    forgeries.py --write     after the format or the list below was changed on purpose
    forgeries.py --check     exit 1 if a file differs, or the Python verifier answers otherwise than `index.json` says
"""

import argparse
import copy
import json
import sys
from fractions import Fraction

import prover
import verify

from verifiers import FIXTURES, graph

FOLDER = FIXTURES / "forgeries"


def layers(*list_of_layers, **more):
    return {"format": "creditcheck/case/1", "name": "forged", "network": {"kind": "layered", "layers": list(list_of_layers)}, "loss": "half_squared_error",
            "learning_rate": "1/2", "examples": [{"input": ["1", "1/2"], "target": ["1"]}], **more}


def layer(weights, activation, **more):
    return {"weights": weights, "activation": activation, **more}


def two(hidden, **more):
    """2-2-1, the output layer linear."""
    return layers(layer([["1/2", "-1"], ["1/4", "3/2"]], hidden, biases=["1/2", "-1/4"], **more), layer([["1", "-2"]], "identity", biases=["1/4"]))


def cycle(**more):
    return {**graph("forged", 4, [0, 1], [3], "relu", [[2, 0, "1/2"], [2, 3, "-1/4"], [3, 2, "1"], [3, 1, "1/8"], [3, 3, "1/2"]]), **more}


def proved(case, **lies):
    return prover.Prover(case, {name.replace("_", " "): lie for name, lie in lies.items()}).certificate()


def all_agree(case, reason):
    certificate = proved(case)
    changed = [row for row in certificate["claims"] if row.get("reason", "").endswith(reason)]
    assert changed, reason
    for row in changed:
        row["verdict"] = "agree"
        del row["reason"]
    return prover.seal(certificate)


def with_other(case, change):
    """The witnesses of one case around another; the draws are those of the other."""
    certificate, other = proved(case), copy.deepcopy(case)
    change(other)
    forged = proved(other)
    forged["witnesses"] = {**certificate["witnesses"], "draws": forged["witnesses"]["draws"]}
    forged["claims"] = certificate["claims"]
    return prover.seal(forged)


def own_balance():
    """A balance function that no equation binds: the honest certificate, with tanh in the place of σ' and β of the prover's choice."""
    certificate = proved(two("quadratic"))
    certificate["case"]["network"]["layers"][0]["balance"] = "tanh"
    return prover.reseal(certificate)


def list_of_forgeries():
    """(name, what it says falsely, the equation or rule that refuses it, exit, certificate)."""
    half, twice = (lambda *honest: honest[-1] / 2), (lambda *honest: 2 * honest[-1])
    alike = {name: twice for name in ("update weight", "update bias", "gradient weight", "gradient bias", "derivative")}
    yield "unbound-balance", "β of the prover's choice, named tanh in place of σ'", "case", 2, own_balance()
    yield "tanh-rate", "a rate of tanh that is 2⁻³⁰ off, everything after it computed from it", "D1", 1, \
        proved(two("tanh"), rate=lambda b, i, s, x: x + Fraction(1, 1 << 30) if i == 2 else x)
    yield "softplus-slope", "the rate of softplus in place of its slope", "D2", 1, proved(two("softplus"), balance=lambda b, i, s, x, beta: x if i < 4 else beta)
    yield "no-balance", "β = 1 everywhere", "D2", 1, proved(two("quadratic"), balance=lambda b, i, s, x, beta: Fraction(1))
    yield "doubled-credit", "twice the hidden credits, and the adjoints too", "D3", 1, \
        proved(two("quadratic"), credit=lambda b, j, c: 2 * c, adjoint=lambda b, j, a: 2 * a)
    yield "halved-error", "half the external credit", "D3", 1, proved(two("quadratic"), error=lambda b, k, e: e / 2)
    yield "update-and-gradient", "twice the update, the gradient and every derivative: C2 and C3 agree", "D4", 1, prover.Prover(two("quadratic"), alike).certificate()
    yield "another-kink", "ReLU'(0) = 1 where the case says 0", "D2", 1, \
        with_other(layers(layer([["1", "-2"], ["1", "1"]], "relu", kink="right"), layer([["1", "1"]], "identity")), lambda case: case["network"]["layers"][0].pop("kink"))
    yield "another-equilibrium", "half the rates on a cycle", "D1", 1, proved(cycle(), rate=half)
    yield "wrong-inverse", "an inverse of I − Wᵀ diag β that is none", "D9", 1, \
        proved(cycle(), inverse=lambda b, j, k, value: value + (j == k == 2))
    yield "drawn-alike", "draws of another seed", "P (D3)", 1, {**proved(two("quadratic")), "witnesses": {
        **proved(two("quadratic"))["witnesses"], "draws": prover.Prover(two("quadratic"), seed="2").certificate()["witnesses"]["draws"]}}
    yield "dead-agrees", "a network without any live hidden neuron is said to agree", "C1", 1, \
        all_agree(layers(layer([["1", "1"], ["1", "2"]], "relu", biases=["-9", "-9"]), layer([["1", "1"]], "identity", biases=["1/4"])), "at all of them")
    yield "zero-block-agrees", "a block of updates that are all zero is said to agree", "C2", 1, \
        all_agree(layers(layer([["1", "1"], ["1", "2"]], "quadratic", biases=["1/2", "1/4"]), layer([["1", "1"]], "identity"),
                         examples=[{"input": ["0", "0"], "target": ["1"]}]), "of this block is zero")
    missing = proved(two("quadratic"))
    missing["claims"] = [row for row in missing["claims"] if row["claim"] != "C3"]
    yield "row-left-out", "the row of C3 is not there", "C3", 1, prover.seal(missing)
    yield "escape-codes", "nothing: true, and its name must not reach a terminal as it is", "", 0, \
        proved({**two("quadratic"), "name": "\u001b[2J\u202everified\nagree"})
    yield "large-around-small", "fingerprints where the numbers of a small case must stand", "kind", 1, around_small()
    yield "large-without-files", "nothing that can be known without its files", "", 3, without_files()


def large(case, files, widths, biases):
    """The certificate of a large network, right for the shape that it states."""
    return prover.large({"format": "creditcheck/certificate/2", "case": case, "case_digest": "", "files": files, "seed": "1",
                         "shape": {"widths": widths, "biases": biases, "batch": 1},
                         "versions": {"creditcheck": "0.1.0", "faer": "0.24.4", "gemm": "0.19.0"}}, lambda root: None)


def around_small():
    return large(two("quadratic"), [], [2, 2, 1], [1, 1])


def without_files():
    """Files that are not here: 20,100 weights are stated, and nobody can tell."""
    digest = "sha256:" + "0" * 64
    reference = lambda name: {"file": "net.safetensors", "sha256": digest, "tensor": name}
    case = {**layers(layer(reference("w"), "relu")), "examples": {"inputs": reference("x"), "targets": reference("t")}}
    return large(case, [{"file": "net.safetensors", "digest": digest}], [201, 100], [0])


def texts():
    """name -> text of every file."""
    found, index = {}, []
    for name, says, refused_by, code, certificate in list_of_forgeries():
        certificate = prover.seal(certificate)
        found[f"{name}.json"] = json.dumps(certificate, indent=1) + "\n"
        index.append({"file": f"{name}.json", "says": says, "refused_by": refused_by, "exit": code})
    found["index.json"] = json.dumps(index, ensure_ascii=False, indent=1) + "\n"
    return found, index


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true")
    choice.add_argument("--check", action="store_true")
    options = parser.parse_args()
    found, index = texts()
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        for name, text in found.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    wrong = [name for name, text in found.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    for entry in index:
        answer = verify.judge(str(FOLDER / entry["file"]))
        if answer["exit"] != entry["exit"] or answer.get("equation", "") != entry["refused_by"].replace("case", ""):
            wrong.append(f"{entry['file']}: {answer}")
    for name in wrong:
        print(f"FAILED {name}")
    print(f"forgeries: {len(index)} files, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
