"""Semantic forgeries of certificates, by kind: what a prover who recomputes every digest would try.

A kind is a function (certificate, random, others) -> a forged certificate, or None where it does not apply. `HARMLESS` kinds
change what a certificate may change; every other one makes a statement that is not that of the certificate it was made from.
"""

import copy
import functools
import json
from fractions import Fraction

import prover
from prover import Prover, reseal, seal
from verifier.functions import PLAIN  # noqa: E402 (on the path since prover)

KINDS = {}
HARMLESS = ("honest", "name", "versions", "seed where nothing is drawn")


def kind(name, large=False):
    def enter(function):
        KINDS[name] = function
        function.large = large
        return function
    return enter


def number(text):
    return Fraction(text)


def bump(text, random):
    """Another number, near or far."""
    value = number(text)
    return str(random.choice([value + 1, -value if value else Fraction(1), value * 2 if value else Fraction(3), value + Fraction(1, 1 << 60),
                              Fraction(0) if value else Fraction(-1)]))


def leaves(node, path=()):
    """Every place of a text or a count in a tree."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from leaves(child, path + (name,))
    elif isinstance(node, list):
        for k, child in enumerate(node):
            yield from leaves(child, path + (k,))
    else:
        yield path


def at(node, path):
    return functools.reduce(lambda tree, step: tree[step], path, node)


def put(node, path, value):
    at(node, path[:-1])[path[-1]] = value


def layered(certificate):
    return certificate["case"]["network"]["kind"] == "layered"


# ---------------------------------------------------------------- one number, digests recomputed


def one_witness(field):
    def forge(certificate, random, _):
        places = [path for path in leaves(certificate["witnesses"]) if field in path]
        if not places:
            return None
        path = random.choice(places)
        value = at(certificate["witnesses"], path)
        other = str((int(value) + 1) % prover.PRIME) if "draws" in path else bump(value, random)
        put(certificate["witnesses"], path, other)
        return reseal(certificate)
    return forge


for name in ("net_inputs", "rates", "balance_factors", "credits", "adjoints", "deltas", "responses", "inverse", "inverse_of_slopes", "update", "gradient",
             "derivatives", "draws"):
    KINDS[f"one of {name}"] = one_witness(name)


def whole_list(name, change):
    def forge(certificate, random, _):
        lists = [path for path in {p[:-1] for p in leaves(certificate["witnesses"])} if isinstance(at(certificate["witnesses"], path), list)]
        lists = sorted((path for path in lists if len(at(certificate["witnesses"], path)) > 1), key=str)
        path = random.choice(lists)
        found = at(certificate["witnesses"], path)
        changed = change(found)
        if changed == found:
            return None
        put(certificate["witnesses"], path, changed)
        return reseal(certificate)
    KINDS[name] = forge


whole_list("a list of zeros", lambda items: ["0"] * len(items))
whole_list("a list reversed", lambda items: items[::-1])
whole_list("a list with the other sign", lambda items: [item if item == "0" or isinstance(item, list) else item[1:] if item[0] == "-" else f"-{item}" for item in items])
whole_list("a list too short", lambda items: items[:-1])
whole_list("a list too long", lambda items: items + items[-1:])


def value_paths(certificate):
    """Places of the numbers of a case."""
    fields = ("weights", "biases", "input", "target", "learning_rate", "slope", "min", "max")
    for path in leaves(certificate["case"]):
        if any(step in fields for step in path) or (len(path) > 2 and path[-3] == "synapses" and path[-1] == 2):
            yield path


@kind("a number of the case")
def _(certificate, random, _):
    path = random.choice(list(value_paths(certificate)))
    put(certificate["case"], path, bump(at(certificate["case"], path), random))
    return reseal(certificate)


@kind("a number of the case, everything but the examples proved again")
def _(certificate, random, others):
    """Draws, rows and digests of the changed case; its examples are those of the old one."""
    old = copy.deepcopy(certificate)
    path = random.choice(list(value_paths(certificate)))
    put(certificate["case"], path, bump(at(certificate["case"], path), random))
    return graft(certificate, old)


def graft(certificate, old):
    """The honest certificate of the case, with the old witnesses where they are no draws."""
    new = honest(certificate["case"])
    if new is None:
        return reseal(certificate)
    draws = new["witnesses"]["draws"]
    new["witnesses"] = old["witnesses"]
    new["witnesses"]["draws"] = draws
    return seal(new)


def honest(case, lies=None, seed="1"):
    try:
        return Prover(copy.deepcopy(case), lies, seed).certificate()
    except Exception:  # the changed case is none, or has no equilibrium
        return None


# ---------------------------------------------------------------- another case


def another_case(name, change):
    """The case changed, once with the old witnesses, once with as much proved again as there is."""
    def plain(certificate, random, _):
        if change(certificate["case"], random) is None:
            return None
        return reseal(certificate)

    def proved(certificate, random, _):
        old = copy.deepcopy(certificate)
        if change(certificate["case"], random) is None:
            return None
        return graft(certificate, old)

    def valid(certificate, random, _):
        if change(certificate["case"], random) is None:
            return None
        return honest(certificate["case"])

    KINDS[f"{name}"], KINDS[f"{name}, draws and rows proved again"], KINDS[f"{name}, an honest certificate of it"] = plain, proved, valid


def functions(case):
    """(holder, key) of every activation."""
    network = case["network"]
    if network["kind"] == "layered":
        return [(layer, "activation") for layer in network["layers"]]
    return [(network["activation"], k) for k in range(len(network["activation"]))] if isinstance(network["activation"], list) else [(network, "activation")]


FUNCTIONS = (*PLAIN, "hard_tanh",
             {"name": "leaky_relu", "slope": "1/8"}, {"name": "leaky_relu", "slope": "0"}, {"name": "hard_tanh", "min": "-2", "max": "3"})


def other_activation(case, random):
    holder, key = random.choice(functions(case))
    holder[key] = random.choice([f for f in FUNCTIONS if f != holder[key]])
    return case


def other_balance(case, random):
    network = case["network"]
    holder = random.choice(network["layers"]) if network["kind"] == "layered" else network
    found = holder.get("balance")
    if found is not None and random.random() < 0.5:
        del holder["balance"]
    else:
        holder["balance"] = random.choice([f for f in FUNCTIONS if f != found])
    return case


def other_kink(case, random):
    layer = random.choice(case["network"].get("layers", [case]))
    holder = random.choice([case, layer])
    holder["kink"] = random.choice([k for k in ("left", "right", "mean", "inner", "outer", "1/3") if k != holder.get("kink", "left")])
    return case


def rewired(case, random):
    network = case["network"]
    if network["kind"] != "graph" or not network["synapses"]:
        return None
    synapse = random.choice(network["synapses"])
    end = random.randrange(2)
    synapse[end] = random.choice([n for n in range(network["neurons"]) if n != synapse[end]])
    return case


def synapse_gone(case, random):
    network = case["network"]
    if network["kind"] != "graph" or len(network["synapses"]) < 2:
        return None
    network["synapses"].remove(random.choice(network["synapses"]))
    return case


def other_batch(case, random):
    examples = case["examples"]
    if random.random() < 0.5 and len(examples) > 1:
        examples.pop(random.randrange(len(examples)))
    else:
        examples.append(copy.deepcopy(random.choice(examples)))
    if "equilibrium" in case:
        return None
    return case


def other_order(case, random):
    if len(case["examples"]) < 2 or case["examples"] == case["examples"][::-1] or "equilibrium" in case:
        return None
    case["examples"].reverse()
    return case


def biases_gone(case, random):
    network = case["network"]
    holders = [h for h in network.get("layers", [network]) if "biases" in h]
    if not holders:
        return None
    del random.choice(holders)["biases"]
    return case


def no_equilibrium(case, random):
    return case if case.pop("equilibrium", None) else None


def other_expectation(case, random):
    if case.pop("expect", None) is None:
        case["expect"] = "disagree"
    return case


def other_output_credit(case, random):
    case["output_credit"] = "add" if case.get("output_credit") == "clamp" else "clamp"
    return case


def outputs_swapped(case, random):
    network = case["network"]
    if network["kind"] != "graph":
        return None
    spare = [n for n in range(network["neurons"]) if n not in network["inputs"] and n not in network["outputs"]]
    if not spare:
        return None
    network["outputs"][random.randrange(len(network["outputs"]))] = random.choice(spare)
    return case


for words, function in (("another activation", other_activation), ("another balance function", other_balance), ("another kink convention", other_kink),
                        ("another wiring", rewired), ("a synapse fewer", synapse_gone), ("another batch", other_batch), ("examples in another order", other_order),
                        ("no biases", biases_gone), ("no equilibrium named", no_equilibrium), ("another expectation", other_expectation),
                        ("another output credit", other_output_credit),
                        ("another output", outputs_swapped)):
    another_case(words, function)


@kind("witnesses of another network")
def _(certificate, random, others):
    def shape(root):
        return [(path, len(at(root["witnesses"], path))) for path in sorted({p[:-1] for p in leaves(root["witnesses"])}, key=str)]
    same = [other for other in others if other["case"] != certificate["case"] and shape(other) == shape(certificate)]
    if not same:
        return None
    other = copy.deepcopy(random.choice(same))
    part = random.choice(("witnesses", "draws", "claims", "case"))
    if part == "draws":
        certificate["witnesses"]["draws"] = other["witnesses"]["draws"]
    else:
        certificate[part] = other[part]
    return reseal(certificate)


# ---------------------------------------------------------------- lies, and everything after them computed from the lie


def lie(name, stage, change, applies=lambda certificate: True):
    def forge(certificate, random, _):
        if not applies(certificate):
            return None
        told, pick = [], random.random

        def tell(*honest):
            value = honest[-1]
            said = change(random, *honest) if pick() < 0.5 or not told else value
            if said != value:
                told.append(honest)
            return said

        forged = honest(certificate["case"], {stage: tell}, certificate["seed"])
        return forged if told else None
    KINDS[f"lie: {name}"] = forge


def near(random, *honest):
    return honest[-1] + random.choice([1, -1, Fraction(1, 1 << 40), honest[-1] or 1])


def near_prime(random, *honest):
    return (honest[-1] + random.randrange(1, 1 << 40)) % prover.PRIME


def is_cyclic(certificate):
    return "inverse" in certificate["witnesses"]["examples"][0]


lie("a rate", "rate", near)
lie("an input", "input", near)
lie("a net input", "net input", near)
lie("a balance factor", "balance", near)
lie("balance left out", "balance", lambda random, b, i, s, x, beta: Fraction(1))
lie("balance 0", "balance", lambda random, b, i, s, x, beta: Fraction(0))
lie("balance at the rate", "balance", lambda random, b, i, s, x, beta: 1 + 2 * x)
lie("balance of the other piece", "balance", lambda random, b, i, s, x, beta: 1 - beta)
lie("external credit", "error", near)
lie("external credit without the rate", "error", lambda random, b, i, e: e * 2)
lie("a credit", "credit", near)
lie("no hidden credit", "credit", lambda random, b, j, c: Fraction(0))
lie("credit doubled", "credit", lambda random, b, j, c: 2 * c)
lie("an adjoint", "adjoint", near, layered)
lie("a slope", "slope", near, layered)
lie("a delta", "delta", near, layered)
lie("a response", "response", near, lambda certificate: not layered(certificate))
lie("an inverse", "inverse", lambda random, b, j, k, value: value + 1, is_cyclic)
lie("an update", "update weight", near)
lie("a frozen weight", "update weight", lambda random, k, value: Fraction(0))
lie("an update of a bias", "update bias", near)
lie("no update of a bias", "update bias", lambda random, i, value: Fraction(0))
lie("a gradient", "gradient weight", near, layered)
lie("a gradient of a bias", "gradient bias", near, layered)
lie("a derivative", "derivative", near)
lie("a drawn credit", "drawn credits", near_prime)
lie("a drawn adjoint", "drawn adjoints", near_prime)
lie("a drawn update", "drawn update", near_prime)
lie("a drawn gradient", "drawn gradient", near_prime)


@kind("lie: update and gradient alike")
def _(certificate, random, _):
    """C2 agrees on it, and D4 and D7 must not."""
    if not layered(certificate):
        return None
    factor = Fraction(random.choice([0, 2, -1]))
    change = lambda *honest: honest[-1] * factor
    return honest(certificate["case"], {stage: change for stage in ("update weight", "update bias", "gradient weight", "gradient bias", "derivative")}, certificate["seed"])


@kind("lie: credit and adjoint alike")
def _(certificate, random, _):
    if not layered(certificate):
        return None
    return honest(certificate["case"], {"credit": lambda b, j, c: 2 * c, "adjoint": lambda b, j, a: 2 * a}, certificate["seed"])


@kind("lie: another network's draws, consistent")
def _(certificate, random, _):
    forged = honest(certificate["case"], None, str(random.randrange(2, 99)))
    if forged is None or not forged["witnesses"]["draws"]:
        return None
    forged["seed"] = certificate["seed"]
    return seal(forged)


def is_given(certificate):
    return "derivatives" not in certificate["witnesses"]


lie("a rate within what rounding allows, or not", "rate", lambda random, b, i, s, x: x + x * Fraction(random.choice([1, 2, 5, 9, 20, 60]), 1 << random.choice([44, 49, 52])), is_given)
lie("a balance factor within what rounding allows, or not", "balance",
    lambda random, b, i, s, x, beta: beta + beta * Fraction(random.choice([1, 2, 5, 9, 20, 60]), 1 << random.choice([44, 49, 52])), is_given)
lie("an absurd rate", "rate", lambda random, b, i, s, x: Fraction(random.choice([1000, 10 ** 30, -1])), is_given)


# ---------------------------------------------------------------- rows and other words


def rows(name, change):
    def forge(certificate, random, _):
        before = copy.deepcopy(certificate["claims"])
        change(certificate["claims"], random)
        return reseal(certificate) if certificate["claims"] != before else None
    KINDS[f"rows: {name}"] = forge


def with_row(change):
    return lambda claims, random: change(random.choice(claims), random)


def set_field(name, values):
    def change(row, random):
        row[name] = random.choice([v for v in values if v != row.get(name)])
    return with_row(change)


def soundness(row, random):
    bound = row.get("soundness")
    if bound:
        name = random.choice(sorted(bound))
        bound[name] = bound[name] + 1 if isinstance(bound[name], int) else str(int(bound[name]) + 1)
    else:
        row["soundness"] = {"variables": 1, "degree": "1", "prime": "7", "draws": 1, "log2_bound": -100}


def no_assumption(row, random):
    if row["assumptions"]:
        row["assumptions"].pop()
    else:
        row["assumptions"].append("nothing")


rows("one fewer", lambda claims, random: claims.pop(random.randrange(len(claims))))
rows("one twice", lambda claims, random: claims.insert(0, copy.deepcopy(random.choice(claims))))
rows("another order", lambda claims, random: claims.reverse())
rows("none", lambda claims, random: claims.clear())
rows("of another claim", set_field("claim", ["C1", "C2", "C3", "C4", "C5", "C6", "C7"]))
rows("of another tier", set_field("tier", ["S", "P", "Q", "L", "F"]))
rows("another verdict", set_field("verdict", ["agree", "disagree", "unchecked", "observed"]))
rows("all agree", lambda claims, random: [(row.update(verdict="agree"), row.pop("reason", None)) for row in claims])
for words, reason in (("dead", "no credit passes"), ("a zero block", "this block"), ("zeros", "every compared entry"), ("no short witness", "one sweep fewer")):
    rows(f"agree in place of unchecked, {words}", functools.partial(lambda reason, claims, random: [
        (row.update(verdict="agree"), row.pop("reason")) for row in claims if reason in row.get("reason", "")], reason))
rows("entries", with_row(lambda row, random: row.update(entries=row["entries"] + random.choice([1, -1]))))
rows("nonzero", with_row(lambda row, random: row.update(nonzero=row["nonzero"] + 1)))
rows("differing", with_row(lambda row, random: row.update(differing=row["differing"] + 1 if not row["differing"] else 0)))
rows("compared", set_field("compared", ["everything", ""]))
rows("reason", set_field("reason", ["none", "every compared entry is zero"]))
rows("assumptions", with_row(no_assumption))
rows("soundness", with_row(soundness))


@kind("kink words")
def _(certificate, random, _):
    certificate["kink"] = "the slope at a kink is that of the piece on its right" if "left" in certificate["kink"] else "any"
    return reseal(certificate)


@kind("name")
def _(certificate, random, _):
    return honest({**certificate["case"], "name": random.choice(["another", "\u202everified\u001b[2J", "", "\\", "ünïcode 🜁"])})


@kind("versions")
def _(certificate, random, _):
    certificate["versions"][random.choice(sorted(certificate["versions"]))] = "9"
    return reseal(certificate)


@kind("seed where nothing is drawn")
def _(certificate, random, _):
    if not is_cyclic(certificate):
        return None
    certificate["seed"] = "18446744073709551615"
    return reseal(certificate)


@kind("honest")
def _(certificate, random, _):
    return honest(certificate["case"], None, str(random.randrange(1 << 64)))


@kind("another seed")
def _(certificate, random, _):
    if is_cyclic(certificate):
        return None
    certificate["seed"] = str(int(certificate["seed"]) + 1)
    return reseal(certificate)


@kind("a digest not recomputed")
def _(certificate, random, _):
    name = random.choice(("digest", "case_digest"))
    certificate[name] = "sha256:" + "0" * 64
    return certificate if name == "digest" else seal(certificate)


@kind("the version of the format")
def _(certificate, random, _):
    known = ["creditcheck/certificate/1", "creditcheck/certificate/2", "creditcheck/certificate/3", "creditcheck/case/1"]
    certificate["format"] = random.choice([k for k in known if k != certificate["format"]])
    return reseal(certificate)


@kind("draws: other numbers of them")
def _(certificate, random, _):
    draws = certificate["witnesses"]["draws"]
    if draws and random.random() < 0.5:
        draws.pop()
    elif draws and random.random() < 0.5:
        draws.clear()
    else:
        extra = honest(dict(certificate["case"])) if draws else None
        draws.append(copy.deepcopy((extra or certificate)["witnesses"]["draws"][0]) if draws else {"examples": [], "update": {"weights": [], "biases": []}})
    return reseal(certificate)


@kind("a field more or fewer")
def _(certificate, random, _):
    objects = [certificate] + [at(certificate, path) for path in sorted({p[:k] for p in leaves(certificate) for k in range(1, len(p))}, key=str)
                               if isinstance(at(certificate, path), dict)]
    found = random.choice(objects)
    if random.random() < 0.5:
        found["extra"] = random.choice(["1", None, [], 1])
    else:
        found.pop(random.choice(sorted(found)))
    return reseal(certificate) if "case" in certificate else certificate


@kind("another form of value")
def _(certificate, random, _):
    path = random.choice(list(leaves(certificate)))
    put(certificate, path, random.choice([None, True, [], {}, "", "1/0", "1e3", "0x1p99999", " 1", "+1", "--1", "1" * 20000, 1 << 60, "nan", "١"]))
    return reseal(certificate) if isinstance(certificate["case"], dict) else seal(certificate)


@kind("no witness of uniqueness")
def _(certificate, random, _):
    examples = certificate["witnesses"]["examples"]
    names = [name for name in ("inverse", "inverse_of_slopes", "responses") if name in examples[0]]
    if not names:
        return None
    del random.choice(examples)[random.choice(names)]
    return reseal(certificate)


@kind("another place for a witness")
def _(certificate, random, _):
    example = random.choice(certificate["witnesses"]["examples"])
    name, other = random.sample(sorted(example), 2)
    example[name], example[other] = example[other], example[name]
    return reseal(certificate)


# ---------------------------------------------------------------- large certificates


def large(name, change, proved=True):
    def forge(certificate, random, _):
        return prover.large(certificate, lambda root: change(root, random)) if proved else change(certificate, random) or reseal(certificate)
    forge.large = True
    KINDS[f"large: {name}"] = forge


def other_shape(root, random):
    widths = root["shape"]["widths"]
    widths[random.randrange(len(widths))] += random.choice([1, -1])


def small_shape(root, random):
    root["shape"] = {"widths": [1] * len(root["shape"]["widths"]), "biases": root["shape"]["biases"], "batch": 1}


def references(root):
    network, examples = root["case"]["network"], root["case"]["examples"]
    holders = [layer[name] for layer in network["layers"] for name in ("weights", "biases") if name in layer] + list(examples.values() if isinstance(examples, dict) else ())
    return [holder for holder in holders if isinstance(holder, dict)]


def other_file_digest(root, random):
    file = random.choice(root["files"])
    file["digest"] = "sha256:" + "ab" * 32
    for reference in references(root):
        if reference["file"] == file["file"]:
            reference["sha256"] = file["digest"]


def other_file_name(root, random):
    file = random.choice(root["files"])
    name = random.choice(["../" + file["file"], "/etc/hostname", "none.safetensors"])
    for reference in references(root):
        if reference["file"] == file["file"]:
            reference["file"] = name
    file["file"] = name


def other_fingerprint(root, random):
    draw = random.choice(root["draws"])
    prints = draw[random.choice(sorted(draw))]
    prints[random.randrange(len(prints))] = "sha256:" + "cd" * 32


def swapped_fingerprints(root, random):
    draw = random.choice(root["draws"])
    draw["credits"], draw["adjoints"] = draw["adjoints"], draw["credits"]


def own_balance(root, random):
    random.choice(root["case"]["network"]["layers"])["balance"] = random.choice(FUNCTIONS)


def layer_activation(root, random):
    random.choice(root["case"]["network"]["layers"])["activation"] = random.choice(FUNCTIONS)


def no_case(root, random):
    root["case"] = {"claim": "everything agrees"}


large("an honest one of another seed", lambda root, random: root.update(seed=str(random.randrange(1 << 64))))
large("another shape, fingerprints and rows recomputed", other_shape)
large("one neuron a layer", small_shape)
large("another batch", lambda root, random: root["shape"].update(batch=root["shape"]["batch"] + 1))
large("biases or none", lambda root, random: root["shape"].update(biases=[1 - has for has in root["shape"]["biases"]]))
large("one layer more", lambda root, random: root["shape"].update(widths=root["shape"]["widths"] + [3], biases=root["shape"]["biases"] + [1]))
large("another digest of a file", other_file_digest)
large("another file", other_file_name)
large("files not listed", lambda root, random: root["files"].clear())
large("files in another order", lambda root, random: root["files"].reverse())
large("a balance function", own_balance)
large("another activation", layer_activation)
large("an expectation", lambda root, random: root["case"].update(expect="disagree"))
large("no case", no_case)
large("no examples", lambda root, random: root["case"].update(examples=[]))
large("one fingerprint", other_fingerprint, False)
large("credits for adjoints", swapped_fingerprints, False)
large("a draw fewer", lambda root, random: root["draws"].pop() and None, False)
large("draws twice", lambda root, random: root["draws"].extend(root["draws"]), False)
large("rows", lambda root, random: set_field("verdict", ["unchecked", "disagree"])(root["claims"], random), False)
large("nonzero", lambda root, random: random.choice(root["claims"]).update(nonzero=1), False)
large("no rows", lambda root, random: root["claims"].clear(), False)
large("one row", lambda root, random: root["claims"].pop() and None, False)
large("assumptions", lambda root, random: root["claims"][0]["assumptions"].pop() and None, False)
large("soundness", lambda root, random: soundness(root["claims"][0], random), False)
large("widths of 0", lambda root, random: root["shape"].update(widths=[0] * len(root["shape"]["widths"])), False)


def small_around_large(random):
    """A small certificate of a case of 20,163 parameters: right in every number, and of the wrong kind."""
    weight = lambda: f"{random.randrange(-8, 9)}/8"
    case = {"format": "creditcheck/case/1", "name": "small around large", "loss": "half_squared_error", "learning_rate": "1",
            "network": {"kind": "layered", "layers": [{"weights": [[weight() for _ in range(142)] for _ in range(141)],
                                                       "biases": [weight() for _ in range(141)], "activation": "identity"}]},
            "examples": [{"input": [weight() for _ in range(142)], "target": ["0"] * 141}]}
    return Prover(case).certificate()


@kind("a large certificate around a small case", large=True)
def _(certificate, random, others):
    case = copy.deepcopy(random.choice([other for other in others if layered(other)])["case"])

    def change(root):
        layers = case["network"]["layers"]
        root["case"], root["files"] = case, []
        root["shape"] = {"widths": [len(layers[0]["weights"][0])] + [len(layer["weights"]) for layer in layers],
                         "biases": [int("biases" in layer) for layer in layers], "batch": len(case["examples"])}
    return prover.large(certificate, change)


def forge(certificate, name, random, others):
    """A forgery of one kind; None where the kind does not apply, or changed nothing."""
    forged = KINDS[name](copy.deepcopy(certificate), random, others)
    return None if forged is None or (json.dumps(forged) == json.dumps(certificate) and name not in HARMLESS) else forged
