"""A dishonest issuer of certificates: it computes everything that a certificate holds, and lies where it is told to.

A lie is planted at one stage; whatever comes after it is computed from the lie, digests, draws and rows included, so that
only the equation of that stage can tell. Without a lie the certificate is a valid one. It borrows σ, e, the draws and the counting of
rows from fixtures/verifier: it need not be independent, only thorough.
"""

import copy
import json
import math
import pathlib
import sys
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"))

from verifier.case import Case, ordered  # noqa: E402
from verifier.draws import DRAW_EXAMPLES, PRIME  # noqa: E402
from verifier.functions import GIVEN, enclosed, fire, slope  # noqa: E402
from verifier.large import Large  # noqa: E402
from verifier.losses import pull  # noqa: E402
from verifier.rest import search  # noqa: E402
from verifier.small import Small  # noqa: E402
from verifier.strict import canonical, dot, read_json, sha256  # noqa: E402
from verifier.words import kink_words  # noqa: E402

FLOATS = {"tanh": math.tanh, "logistic": lambda s: 1 / (1 + math.exp(-s)), "softplus": lambda s: math.log1p(math.exp(s))}
VERSIONS = {"creditcheck": "0.1.0", "num-rational": "0.4.2", "num-bigint": "0.4.8"}


def reseal(certificate):
    """Both digests, as they should be: nothing else is mended."""
    if "shape" in certificate:
        certificate["case_digest"] = sha256(canonical(certificate["case"]))
    else:
        try:
            certificate["case_digest"] = sha256(Case(certificate["case"], "case").text())
        except Exception:  # no case: some digest will do
            certificate["case_digest"] = sha256(canonical(certificate["case"]))
    return seal(certificate)


def seal(certificate):
    """The digest of the document alone."""
    certificate.pop("digest", None)
    certificate["digest"] = sha256(canonical(certificate))
    return certificate


class Prover:
    """The witnesses of one case. `lies` maps a stage to a function (place…, honest value) -> value."""

    def __init__(self, case, lies=None, seed="1", version=2):
        self.document, self.lies, self.seed, self.version = case, lies or {}, seed, version
        self.case = Case(case, "case")
        self.net = self.case.network

    def say(self, stage, *honest):
        lie = self.lies.get(stage)
        return lie(*honest) if lie else honest[-1]

    def certificate(self):
        net, case = self.net, self.case
        examples = [self.example(b) for b in range(len(case.inputs))]
        witnesses = {"examples": examples, "update": self.mean("update", examples, "signals", case.rate)}
        if net.layered:
            witnesses["gradient"] = self.mean("gradient", examples, "deltas", Fraction(1))
        root = {"format": f"creditcheck/certificate/{self.version}", "case": json.loads(case.text()), "case_digest": sha256(case.text()),
                "kink": kink_words(case), "seed": self.seed, "versions": dict(VERSIONS), "claims": [], "witnesses": witnesses}
        shell = Small.__new__(Small)
        shell.case, shell.net, shell.seed, shell.version = case, net, int(self.seed), self.version
        shell.exact, shell.witnesses = not net.given, witnesses
        shell.prepare()
        if shell.exact:
            slopes = [shell.slopes(example) for example in examples]
            along = lambda d: sum(shell.along(b, example, slopes[b], *d) for b, example in enumerate(examples)) / len(examples)
            witnesses["derivatives"] = [self.say("derivative", k, along(d)) for k, d in enumerate(shell.directions)]
        witnesses["draws"] = [self.draw(d, *point) for d, point in enumerate(shell.points)]
        root["claims"] = shell.rows()
        for example in examples:
            del example["signals"]
        root["witnesses"] = texts(witnesses)
        return seal(root)

    # -- one example, stage by stage

    def example(self, b):
        net, case = self.net, self.case
        s, x = self.firing(b)
        beta = [Fraction(0)] * net.neurons
        for i in net.active:
            name = net.functions[i][0]
            honest = self.nearest(name, s[i], 1) if name in GIVEN else slope(net.balances[i] or net.functions[i], s[i], net.kinks[i])
            beta[i] = self.say("balance", b, i, s[i], x[i], honest)
        e = [Fraction(0)] * net.neurons
        for output, target in zip(net.outputs, case.targets[b]):
            honest = pull(case.loss, x[output], target, len(case.targets), len(net.outputs))
            e[output] = self.say("error", b, output, honest)
        found = {"net_inputs": s, "rates": x, "balance_factors": beta}
        slopes = [beta[i] if net.functions[i][0] in GIVEN or net.is_input[i] else slope(net.functions[i], s[i], net.kinks[i])
                  for i in range(net.neurons)]
        found["credits"] = self.solve("credit", b, beta, e, found, "inverse")
        found["signals"] = [f * c for f, c in zip(beta, found["credits"])]
        if net.layered:
            slopes = [self.say("slope", b, i, f) for i, f in enumerate(slopes)]
            found["adjoints"] = self.solve("adjoint", b, slopes, [-value for value in e], found, None)
            found["deltas"] = [self.say("delta", b, i, f * a) for i, (f, a) in enumerate(zip(slopes, found["adjoints"]))]
        elif not net.given:
            name = "inverse_of_slopes" if net.cyclic and net.owns_balance else None
            found["responses"] = self.solve("response", b, slopes, [-value for value in e], found, name)
        return found

    def firing(self, b):
        net, case = self.net, self.case
        s, x = [Fraction(0)] * net.neurons, [Fraction(0)] * net.neurons
        for neuron, value in zip(net.inputs, case.inputs[b]):
            x[neuron] = self.say("input", b, neuron, value)
        if net.cyclic:
            x = list(self.float_rest(x) if net.given else case.equilibrium[b] if case.equilibrium else search(net, case.inputs[b]))
            for i in net.active:
                x[i] = self.say("rate", b, i, s[i], x[i])
        order = net.active if net.cyclic else [i for i in net.order if not net.is_input[i]]
        for i in order:
            honest = sum((net.weights[k] * x[net.ends[k][1]] for k in net.incoming[i]), net.biases[i])
            s[i] = self.say("net input", b, i, honest)
            if not net.cyclic:
                name = net.functions[i][0]
                x[i] = self.say("rate", b, i, s[i], self.nearest(name, s[i], 0) if name in GIVEN else fire(net.functions[i], s[i]))
        return s, x

    def float_rest(self, x):
        """Where a float iteration comes to rest, on a cycle with σ that have no rational values; the others are exact after that."""
        net = self.net
        floats = [float(value) for value in x]
        for _ in range(2_000):  # then it may still go to and fro in the last place
            last = list(floats)
            for i in net.active:
                s = sum((float(net.weights[k]) * last[net.ends[k][1]] for k in net.incoming[i]), float(net.biases[i]))
                floats[i] = FLOATS[net.functions[i][0]](s) if net.functions[i][0] in GIVEN else float(fire(net.functions[i], Fraction(s)))
        rational = [i for i in net.active if net.functions[i][0] not in GIVEN]
        found = [x[i] if net.is_input[i] else Fraction(value) for i, value in enumerate(floats)]
        for i in ordered(net.neurons, [(post, pre) for post, pre in net.ends if post in rational and pre in rational]):
            if i in rational:
                found[i] = fire(net.functions[i], dot(((net.weights[k], found[net.ends[k][1]]) for k in net.incoming[i]), net.biases[i]))
        return found

    @staticmethod
    def nearest(name, s, which):
        low, high = enclosed(name, s, 160)[which]
        return Fraction(float(Fraction(low + high, 2 << 160)))

    def solve(self, stage, b, factors, external, found, inverse):
        """y = Wᵀ diag(factors) y + external: backwards without a cycle, by an inverse with one."""
        net = self.net
        if net.cyclic:
            rows = inverted(net, factors)
            rows = [[self.say("inverse", b, j, k, value) for k, value in enumerate(row)] for j, row in enumerate(rows)]
            if inverse:
                found[inverse] = rows
            return [self.say(stage, b, j, sum(m * value for m, value in zip(row, external))) for j, row in enumerate(rows)]
        y = [Fraction(0)] * net.neurons
        for j in reversed(net.order):
            honest = sum((net.weights[k] * factors[net.ends[k][0]] * y[net.ends[k][0]] for k in net.outgoing[j]), external[j])
            y[j] = self.say(stage, b, j, honest)
        return y

    def mean(self, stage, examples, name, scale):
        net, count = self.net, len(examples)
        weights = [self.say(f"{stage} weight", k, sum(e[name][post] * e["rates"][pre] for e in examples) * scale / count) for k, (post, pre) in enumerate(net.ends)]
        biases = [self.say(f"{stage} bias", i, sum(e[name][i] for e in examples) * scale / count) if net.has_bias[i] else Fraction(0)
                  for i in range(net.neurons)]
        return [weights, biases]

    def draw(self, d, weights, rate, examples):
        net, found, both = self.net, [], {"signals": [], "deltas": []}
        for b, (_, beta, e) in enumerate(examples):
            sides = {}
            for name, kept, sign in (("credits", "signals", 1), ("adjoints", "deltas", -1)):
                y = [0] * net.neurons
                for j in reversed(net.order):
                    honest = sum(weights[k] * beta[net.ends[k][0]] * y[net.ends[k][0]] for k in net.outgoing[j]) + sign * e[j]
                    y[j] = self.say(f"drawn {name}", d, b, j, honest % PRIME) % PRIME
                sides[name] = y
                both[kept].append([f * value % PRIME for f, value in zip(beta, y)])
            found.append(sides)
        half = pow(DRAW_EXAMPLES, PRIME - 2, PRIME)

        def mean(stage, signals, scale):
            by_weight = [self.say(f"drawn {stage}", d, k, sum(s[post] * x[pre] for s, (x, _, _) in zip(signals, examples)) * scale % PRIME)
                         for k, (post, pre) in enumerate(net.ends)]
            return [by_weight, [sum(s[i] for s in signals) * scale % PRIME if net.has_bias[i] else 0 for i in range(net.neurons)]]

        draw = {"examples": found, "update": mean("update", both["signals"], rate * half)}
        if net.layered:
            draw["gradient"] = mean("gradient", both["deltas"], half)
        return draw


def inverted(net, factors):
    """(I − Wᵀ diag factors)⁻¹ by elimination."""
    n = net.neurons
    rows = [[Fraction(int(i == j)) for j in range(n)] + [Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for k, (post, pre) in enumerate(net.ends):
        rows[pre][post] -= net.weights[k] * factors[post]
    for column in range(n):
        pivot = next(r for r in range(column, n) if rows[r][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = 1 / rows[column][column]
        rows[column] = [value * scale for value in rows[column]]
        for r in range(n):
            factor = rows[r][column]
            if r != column and factor:
                rows[r] = [value - factor * other for value, other in zip(rows[r], rows[column])]
    return [row[n:] for row in rows]


def texts(node, key=None):
    """Numbers as the format writes them; a pair of lists as weights and biases."""
    if isinstance(node, dict):
        return {name: texts(value, name) for name, value in node.items()}
    if isinstance(node, list):
        pair = key in ("update", "gradient")
        return {"weights": texts(node[0]), "biases": texts(node[1])} if pair else [texts(value) for value in node]
    return str(node)


def large(template, change):
    """A large certificate as `change` leaves it, with digests, fingerprints and rows computed again for the shape that it then states."""
    root = copy.deepcopy(template)
    change(root)
    root["case_digest"] = sha256(canonical(root["case"]))
    shell = Large.__new__(Large)
    shape = root["shape"]
    shell.root, shell.widths, shell.biases, shell.batch = root, shape["widths"], shape["biases"], shape["batch"]
    shell.most_work = 1 << 33
    shell.case_digest, shell.seed = root["case_digest"], int(root["seed"])
    shell.files = [(file["file"], file["digest"]) for file in root["files"]]
    root["draws"] = list(shell.honest())
    root["claims"] = shell.rows()
    return seal(root)


def load(path):
    return read_json(pathlib.Path(path).read_bytes())
