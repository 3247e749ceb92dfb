#!/usr/bin/env python3
"""Two verifiers of certificates, in Rust and in Python, must say the same of every certificate and of every forgery.

    verifiers.py --binary target/release/creditcheck [--count 600] [--seed 7]
    verifiers.py --self-test      each rule taken out of the Python verifier shows as a difference

Certificates are those of `fixtures/certificates`, and honest ones of cases of every kind, which the binary must issue byte for byte where σ is rational.
Forgeries are made by kind (`forging.py`), seeded, digests recomputed. Both verifiers get the same file; another exit is a failure, and so is another equation
where both refuse. Where both accept a forgery the engines run on its case alone and must come to the same verdicts: then it was no forgery but a true statement.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import forging
import generate
import prover

import verify  # noqa: E402  (fixtures, on the path since prover)
from verifier import large, rows, small, strict  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"
CASES = ("worked-example", "activation-cubic", "activation-hard-tanh-own-bounds", "activation-logistic", "activation-relu", "activation-softplus",
         "activation-softsign", "activation-elu-rational", "activation-tanh", "dead-hidden-relu", "zero-error", "kink-relu-left", "kink-relu-mean", "kink-by-layer", "kink-relu-third",
         "kink-hard-tanh-inner", "kink-hard-tanh-outer", "kink-outer-beside-relu",
         "own-balance-square", "own-balance-identity-output", "some-biases", "square-2-3-3-2-leaky-relu", "graph-skip-dead-end", "graph-kink-mean",
         "graph-own-balance", "graph-without-biases", "graph-isolated-neurons", "recurrent-cycle", "recurrent-self-loops-relu", "recurrent-two-equilibria",
         "recurrent-given-polynomial", "recurrent-own-balance", "loss-mse-sum", "loss-l1", "loss-huber", "loss-smooth-l1", "loss-hinge")


def graph(name, neurons, inputs, outputs, activation, synapses, **more):
    return {"format": "creditcheck/case/1", "name": name, "loss": "half_squared_error", "learning_rate": "1/3", **more,
            "network": {"kind": "graph", "neurons": neurons, "inputs": inputs, "outputs": outputs, "activation": activation, "synapses": synapses},
            "examples": [{"input": ["1/2", "-3/4"], "target": ["1/8"]}, {"input": ["5/4", "1"], "target": ["-1/2"]}]}


def more_cases():
    """Kinds that the fixtures lack: drawn directions, given rates on graphs, no synapses."""
    chance = random.Random(5)
    weight = lambda: f"{chance.randrange(-9, 10)}/8"
    wide = {"format": "creditcheck/case/1", "name": "drawn directions", "loss": "half_squared_error", "learning_rate": "1/2",
            "network": {"kind": "layered", "layers": [
                {"weights": [[weight() for _ in range(9)] for _ in range(20)], "activation": "relu"},
                {"weights": [[weight() for _ in range(20)] for _ in range(2)], "biases": ["1/4", "1/8"], "activation": "quadratic"}]},
            "examples": [{"input": [weight() for _ in range(9)], "target": ["1", "0"]} for _ in range(2)]}
    ends = [[2, 0, "1/2"], [3, 1, "-3/8"], [3, 2, "5/8"], [4, 2, "-1"], [4, 3, "3/8"], [4, 0, "1/4"]]
    zero_block = {"format": "creditcheck/case/1", "name": "no input", "loss": "half_squared_error", "learning_rate": "1/2",
                  "network": {"kind": "layered", "layers": [{"weights": [["1", "2"], ["1/2", "-1"]], "biases": ["1/4", "1/8"], "activation": "quadratic"},
                                                            {"weights": [["1", "3/2"]], "activation": "identity"}]},
                  "examples": [{"input": ["0", "0"], "target": ["1"]}]}
    # With steps halved the rates go round; what is proposed at other dampings leads to the equilibrium.
    restless = {"format": "creditcheck/case/1", "name": "no rest at one half", "loss": "half_squared_error", "learning_rate": "1/2",
                "network": {"kind": "graph", "neurons": 4, "inputs": [0], "outputs": [3], "activation": ["identity", "relu", "identity", "hard_tanh"],
                            "biases": ["0", "1/8", "-3/4", "-5/8"],
                            "synapses": [[1, 2, "-3/2"], [1, 3, "2"], [2, 1, "1/2"], [2, 2, "2"], [3, 0, "1"], [3, 1, "-3/2"], [3, 2, "3/2"], [3, 3, "2"]]},
                "examples": [{"input": ["1"], "target": ["1/4"]}]}
    return [wide, zero_block, restless, graph("given on a graph", 5, [0, 1], [4], ["tanh", "tanh", "tanh", "softplus", "logistic"], ends),
            graph("given on a cycle", 6, [0, 1], [5], ["tanh", "tanh", "tanh", "softplus", "logistic", "quadratic"],
                  [[2, 0, "1/2"], [3, 1, "-3/8"], [3, 2, "1/4"], [2, 3, "-1/4"], [4, 4, "1/2"], [4, 2, "3/8"], [5, 4, "1"], [5, 3, "-1/2"]]),
            graph("no synapses", 3, [0, 1], [2], "identity", [])]


def large_files(folder):
    """A case of 22,083 parameters with its files, and its certificate without claims."""
    chance, widths, batch = random.Random(3), (180, 120, 3), 2
    tensors = {"x": (batch, widths[0]), "t": (batch, widths[-1])}
    for l in (1, 2):
        tensors[f"w{l}"], tensors[f"b{l}"] = (widths[l], widths[l - 1]), (widths[l],)
    written = {}
    for file, names in (("net.safetensors", ("w1", "b1", "w2", "b2")), ("data.safetensors", ("x", "t"))):
        header, data = {}, b""
        for name in names:
            shape = tensors[name]
            count = shape[0] * (shape[1] if len(shape) > 1 else 1)
            header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + 4 * count]}
            data += struct.pack(f"<{count}f", *(chance.randrange(-64, 65) / 64 for _ in range(count)))
        text = json.dumps(header).encode()
        (folder / file).write_bytes(struct.pack("<Q", len(text)) + text + data)
        written[file] = strict.sha256((folder / file).read_bytes())
    reference = lambda file, name: {"file": file, "tensor": name, "sha256": written[file]}
    net = lambda name: reference("net.safetensors", name)
    layers = [{"weights": net(f"w{l}"), "biases": net(f"b{l}"), "activation": "relu"} for l in (1, 2)]
    case = {"format": "creditcheck/case/1", "name": "large", "loss": "half_squared_error", "learning_rate": "1/8",
            "network": {"kind": "layered", "layers": layers}, "examples": {"inputs": reference("data.safetensors", "x"), "targets": reference("data.safetensors", "t")}}
    files = [{"file": file, "digest": digest} for file, digest in written.items()]
    shape = {"widths": list(widths), "biases": [1, 1], "batch": batch}
    versions = {"creditcheck": "0.1.0", "faer": "0.24.4", "gemm": "0.19.0"}
    return prover.large({"format": "creditcheck/certificate/2", "case": case, "case_digest": "", "files": files, "shape": shape, "seed": "1",
                         "versions": versions}, lambda root: None)


class Bench:
    """The certificates to forge, and both verifiers."""

    def __init__(self, folder, binary=None):
        self.folder, self.binary = pathlib.Path(folder), binary
        self.cases = [prover.load(FIXTURES / "cases" / f"{name}.json") for name in CASES] + more_cases()
        self.certificates = [prover.Prover(case).certificate() for case in self.cases]
        self.certificates += [prover.load(path) for path in sorted((FIXTURES / "certificates").glob("*.json"))]
        self.small = [c for c in self.certificates if "shape" not in c]
        self.large = [large_files(self.folder)] + [c for c in self.certificates if "shape" in c]
        self.count = 0

    def write(self, document):
        path = self.folder / "certificate.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document, ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
        return path

    def python(self, path, is_large):
        """Exit, conclusion, and the equation that refused it."""
        answer = verify.judge(str(path), str(self.folder) if is_large else None)
        return answer["exit"], answer["conclusion"], answer.get("equation") or answer.get("reason", "")

    def rust(self, path, is_large):
        """Exit, conclusion, and the equation that refused it."""
        command = [self.binary, "verify", str(path), "--format", "json"] + (["--files", str(self.folder)] if is_large else [])
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        try:
            answer = json.loads(ran.stdout)
        except ValueError:
            answer = {}
        refused = answer.get("verified") is False
        conclusion = "refused" if refused else answer.get("conclusion", "error")
        return ran.returncode, conclusion, answer["equation"] if refused else " ".join(ran.stderr.split())[:200]

    def is_true(self, certificate):
        """Whether the engines, on the case alone, come to the verdicts that the certificate has, claim by claim."""
        path, issued = self.folder / "case.json", self.folder / "issued.json"
        issued.unlink(missing_ok=True)
        path.write_text(json.dumps(certificate["case"], ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
        subprocess.run([self.binary, "certify", str(path), "--quiet", "--seed", certificate["seed"], "-o", str(issued)], capture_output=True, timeout=120)
        verdicts = lambda rows: {(row["claim"], row["tier"]): row["verdict"] for row in rows if row["claim"] != "C6"}
        return issued.exists() and verdicts(prover.load(issued)["claims"]) == verdicts(certificate["claims"])

    def forgeries(self, count, seed):
        """`count` of them, every kind in turn, each of a certificate to which it applies."""
        chance = random.Random(seed)
        kinds = sorted(forging.KINDS)
        for number in range(count):
            name = kinds[number % len(kinds)]
            of_large = getattr(forging.KINDS[name], "large", False)
            templates = self.large[:1] * 9 if of_large else chance.sample(self.small, len(self.small))
            for certificate in templates:
                forged = forging.forge(certificate, name, chance, self.small)
                if forged is not None:
                    yield name, forged, of_large
                    break


def texts_of(bench):
    """Documents that are refused before anything is substituted: (what, text)."""
    honest = json.dumps(bench.small[0], ensure_ascii=False)
    yield from (("a field twice", honest.replace('"seed":', '"seed": "1", "seed":', 1)), ("a float", honest.replace('"entries": 8', '"entries": 8.0', 1)),
                ("minus zero", honest.replace('"differing": 0', '"differing": -0', 1)), ("an exponent", honest.replace('"entries": 8', '"entries": 8e0', 1)),
                ("brackets", "[" * 65 + "]" * 65), ("brackets, legal", "[" * 64 + "]" * 64), ("NaN", honest.replace('"entries": 8', '"entries": NaN', 1)),
                ("a lone surrogate", honest.replace('"name": "worked-example"', '"name": "\\ud800"', 1)), ("a byte order mark", "\ufeff" + honest),
                ("text after it", honest + "x"), ("cut off", honest[:-20]), ("nothing", ""), ("null", "null"), ("a control character", honest.replace("worked-", "worked\t", 1)),
                ("blanks around it", "\n\t " + honest + " \r\n"), ("bytes that are no UTF-8", honest.replace("worked-", "worked\udcff", 1)))


def compare(bench, count, seed):
    """Runs both; returns how many failures there were."""
    outcomes, failures, equations = collections.defaultdict(collections.Counter), [], collections.Counter()

    def judged(name, document, is_large):
        is_large = is_large and bool(document.get("files"))
        path = bench.write(document)
        mine, theirs = bench.python(path, is_large), bench.rust(path, is_large)
        outcomes[name][mine[0]] += 1
        if mine[:2] != theirs[:2]:
            failures.append((name, f"Python {mine}, Rust {theirs}"))
        elif mine[1] == "refused":
            equations[mine[2], theirs[2]] += 1
        if failures and failures[-1][0] == name and os.environ.get("KEEP"):
            path.rename(pathlib.Path(os.environ["KEEP"]) / f"{len(failures)}.json")
        return mine[0], theirs[0]

    for certificate in bench.certificates + bench.large[:1]:
        if judged("certificates", certificate, "shape" in certificate)[0] not in (0, 3):
            failures.append(("certificates", f"{certificate['case'].get('name')} is not confirmed"))
    issued = sum(issued_alike(bench, case, failures) for case in bench.cases + random_cases(count // 6, seed))
    for entry in json.loads((FIXTURES / "forgeries" / "index.json").read_text(encoding="utf-8")):
        document = (FIXTURES / "forgeries" / entry["file"]).read_text(encoding="utf-8")
        if judged("fixtures/forgeries", document, False)[0] != entry["exit"]:
            failures.append((entry["file"], f"exits otherwise than {entry['exit']}"))
    for name, text in texts_of(bench):
        judged(f"text: {name}", text, False)
    judged("a small certificate around a large case", forging.small_around_large(random.Random(seed)), False)
    true = 0
    for name, forged, is_large in bench.forgeries(count, seed):
        mine, theirs = judged(name, forged, is_large)
        if mine == theirs == 0 and name not in forging.HARMLESS:
            true += 1
            if not bench.is_true(forged):
                failures.append((name, "both verify it, and the engines do not come to that from the case"))
    for name in sorted(forging.KINDS):
        if not outcomes[name]:
            failures.append((name, "never applied"))
    total = sum(sum(outcome.values()) for outcome in outcomes.values())
    for name in sorted(outcomes):
        print(f"  {name}: " + ", ".join(f"{n} × exit {code}" for code, n in sorted(outcomes[name].items())))
    for name, why in failures[:40]:
        print(f"FAILED {name}: {why}")
    alike = sum(n for (mine, theirs), n in equations.items() if mine == theirs)
    for (mine, theirs), n in sorted(equations.items()):
        if mine != theirs:
            print(f"  refused by {mine} here and by {theirs} there: {n}")
    print(f"verifiers: {total} documents, {len(outcomes)} kinds, {issued} certificates issued alike; refused by the same equation {alike}, by another "
          f"{sum(equations.values()) - alike}; {true} accepted, all true of their case; {len(failures)} differences")
    return len(failures)


def random_cases(count, seed):
    """Layered cases and graphs; and every third a network with cycles, whose equilibrium both have to find."""
    chance = random.Random(seed)
    return list(generate.cases(seed, count - count // 3)) + [recurrent(chance) for _ in range(count // 3)]


def recurrent(chance):
    functions = ("identity", "relu", "hard_tanh", {"name": "leaky_relu", "slope": "-1/3"}, {"name": "hard_tanh", "min": "-1/2", "max": "2"})
    neurons, value = chance.randrange(3, 8), lambda: f"{chance.randrange(-12, 13)}/{chance.choice([1, 2, 3, 8])}"
    pairs = [(post, pre) for post in range(1, neurons) for pre in range(neurons)]
    network = {"kind": "graph", "neurons": neurons, "inputs": [0], "outputs": [neurons - 1], "activation": [chance.choice(functions) for _ in range(neurons)],
               "synapses": [[post, pre, f"{chance.randrange(-9, 10)}/{chance.choice([8, 16, 7])}"]
                            for post, pre in chance.sample(pairs, chance.randrange(2, len(pairs)))]}
    if chance.random() < 0.8:
        network["biases"] = ["0"] + [value() for _ in range(neurons - 1)]
    return {"format": "creditcheck/case/1", "network": network, "loss": "half_squared_error", "learning_rate": value(),
            "examples": [{"input": [value()], "target": [value()]} for _ in range(chance.randrange(1, 3))]}


def issued_alike(bench, case, failures):
    """Whether the binary's certificate of the case is that of the rules, but for the versions; and both verify it."""
    proved = forging.honest(case)
    if proved is not None and "derivatives" not in proved["witnesses"]:
        return 0  # given rates: those of the binary are its own
    path, issued = bench.folder / "case.json", bench.folder / "issued.json"
    issued.unlink(missing_ok=True)
    path.write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    subprocess.run([bench.binary, "certify", str(path), "--quiet", "-o", str(issued)], capture_output=True, timeout=120)
    if not issued.exists():
        confirmed = proved is not None and bench.python(bench.write(proved), False)[0] not in (1, 2)
        if confirmed:
            failures.append(("issued", f"{json.dumps(case)[:300]}: there is a certificate, and the binary issues none"))
        return 0
    theirs = prover.load(issued)
    if proved is not None:
        theirs["versions"] = proved["versions"]
    if proved is None or prover.seal(theirs) != proved:
        failures.append(("issued", f"{json.dumps(case)}: another certificate than by the rules"))
        return 0
    return 1


# ---------------------------------------------------------------- can the comparison fail?


def skip(*_, **__):
    return None


def weak_rows(counted, stated):
    """Counts, but no words and no number of rows."""
    for mine, theirs in zip(counted, stated):
        if mine["claim"] != theirs["claim"]:
            raise strict.Refused("rows", "claim", "another")


def demand_all_but(*equations):
    honest = small.Small.demand
    return lambda self, equation, place, found, expected: None if equation in equations else honest(self, equation, place, found, expected)


def weaknesses():
    """One rule of the verifier taken out at a time: (name, object, attribute, what stands there instead)."""
    of_small = small.Small
    for equation in ("D1", "D2", "D3", "D4", "D6", "D7", "D8", "D9"):
        yield f"without {equation}", of_small, "demand", demand_all_but(equation)
    for name in ("given", "credit", "backward", "unique", "response", "equilibrium", "updates", "derivatives", "draws"):
        yield f"without {name}", of_small, name, skip
    yield "any row will do", small, "compare_rows", skip
    yield "words and numbers of rows unread", small, "compare_rows", weak_rows
    yield "kink words unread", small, "kink_words", lambda case: Anything()
    yield "dead networks agree", rows.Counted, "is_dead", lambda self: False
    yield "zero blocks agree", rows.Counted, "zero_block", skip
    yield "large and small not told apart", small, "is_large", lambda case: False
    yield "every case has a certificate", small.Case, "refuse", skip
    yield "slopes by one convention", small, "slope", lambda function, s, kink: prover.slope(function, s, "left")
    yield "digests unread", verify, "sha256", lambda data: Anything()
    yield "shapes of files unread", large.Large, "confirm", skip
    yield "digests of files unread", large.Tensors, "shape", lambda self, reference, place, dimensions: None
    yield "fingerprints of updates unread", large, "fingerprint", lambda columns: Anything()
    yield "rows of large certificates unread", large, "compare_rows", skip


class Anything:
    """Equal to everything."""

    __hash__ = None

    def __eq__(self, _):
        return True

    def __ne__(self, _):
        return False


@contextlib.contextmanager
def planted(owner, attribute, weak):
    honest = getattr(owner, attribute)
    setattr(owner, attribute, weak)
    try:
        yield
    finally:
        setattr(owner, attribute, honest)


def concluded(bench, document, is_large):
    """What a weak verifier says; one that breaks off says something else too."""
    try:
        return bench.python(bench.write(document), is_large)[:2]
    except AssertionError:
        return None


def self_test(bench, count, seed):
    """Each weak verifier must come to another conclusion than the honest one about some document."""
    documents = [("a certificate", certificate, "shape" in certificate) for certificate in bench.small + bench.large[:1]]
    documents += list(bench.forgeries(count, seed)) + [("a small certificate around a large case", forging.small_around_large(random.Random(seed)), False)]
    answers = [bench.python(bench.write(document), is_large)[:2] for _, document, is_large in documents]
    missed, found = [], 0
    for weakness, owner, attribute, weak in weaknesses():
        of_large = owner in (large, large.Large, large.Tensors)
        with planted(owner, attribute, weak):
            for (name, document, is_large), honest in zip(documents, answers):
                if is_large == of_large and concluded(bench, document, is_large) != honest:
                    found += 1
                    print(f"  {weakness}: shown by {name}")
                    break
            else:
                missed.append(weakness)
    for weakness in missed:
        print(f"FAILED {weakness}: no forgery shows it")
    print(f"verifiers: {found} weak verifiers found by {len(documents)} documents, {len(missed)} missed")
    return len(missed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--binary")
    choice.add_argument("--self-test", action="store_true")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, options.binary)
        failures = self_test(bench, options.count, options.seed) if options.self_test else compare(bench, options.count, options.seed)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
