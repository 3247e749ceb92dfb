#!/usr/bin/env python3
"""The gradient of a creditcheck case in Python's fractions: an evaluation that shares nothing with the crate.

    exact.py CASE.json                       the gradient (creditcheck/gradient/1) on stdout
    exact.py CASE.json --rule credit         the same with the case's own balance functions and clamped outputs, if it has any
    exact.py CASE.json --method dual         by forward dual numbers instead of the reverse tape
    exact.py CASE.json --quantity update     the weight update -eta * gradient
    exact.py --digest CASE.json              the digest of the case

Standard library only. The network is evaluated once, on numbers that remember how they were
made; derivatives come out of the rules for +, * and 1/x. No slope of any activation function
is written down here, and neither is the credit recursion nor backpropagation.
"""

import argparse
import json
import sys
from fractions import Fraction

import cycle
from differentiable import Dual, Taped
from values import canonical, digest, number

FORMAT_GRADIENT = "creditcheck/gradient/1"


class Unsupported(Exception):
    """The case is legal, but rational arithmetic cannot evaluate it."""


# ---------------------------------------------------------------- activation functions


def piecewise(s, kinks, pieces, kink):
    """The piece that holds at s; at a kink the left one, the right one, the inner or an outer one of three, or a mixture of both."""
    for place, (left, right) in zip(kinks, zip(pieces, pieces[1:])):
        if s.value < place:
            return left(s)
        if s.value == place:
            if kink in ("inner", "outer"):
                inner, outer = (right, left) if place == kinks[0] else (left, right)
                return (inner if kink == "inner" else outer)(s)
            if kink in ("left", "right"):
                return (left if kink == "left" else right)(s)
            share = Fraction(1, 2) if kink == "mean" else number(kink)
            return left(s) * (1 - share) + right(s) * share
    return pieces[-1](s)


QUOTIENTS = ("softsign", "elu_rational")
ACTIVATIONS = ("identity", "relu", "leaky_relu", "hard_tanh", "square", "quadratic", "cubic", *QUOTIENTS)


def fire(activation, s, kink):
    """sigma(s) for a differentiable number s."""
    if isinstance(activation, str):
        activation = {"name": activation}
    name = activation["name"]
    if name == "identity":
        return s
    if name == "square":
        return s * s
    if name == "quadratic":
        return s + s * s
    if name == "cubic":
        return s + s * s * s * Fraction(-1, 3)
    if name == "relu":
        return piecewise(s, [0], [lambda s: s * 0, lambda s: s], kink)
    if name == "leaky_relu":
        slope = number(activation["slope"])
        return piecewise(s, [0], [lambda s: s * slope, lambda s: s], kink)
    if name == "hard_tanh":
        low, high = number(activation.get("min", -1)), number(activation.get("max", 1))
        pieces = [lambda s: s * 0 + low, lambda s: s, lambda s: s * 0 + high]
        return piecewise(s, [low, high], pieces, kink)
    if name == "softsign":
        negative, positive = (lambda s: s * (s * -1 + 1).reciprocal()), (lambda s: s * (s + 1).reciprocal())
        return piecewise(s, [0], [negative, positive], kink)
    if name == "elu_rational":
        return piecewise(s, [0], [lambda s: s * (s * -1 + 1).reciprocal(), lambda s: s], kink)
    raise Unsupported(f"{name} has no rational values")


def rate(activation, balance, s, kink):
    """The firing rate; with an own balance function, derivatives pass by that function's slope."""
    x = fire(activation, s, kink)
    if balance is None:
        return x
    return s.through(x.value, fire(balance, Dual(s.value, 1), kink).part)


# ---------------------------------------------------------------- networks


def parameters(network):
    """The parameters of a network as a flat dict: key -> exact value."""
    found = {}
    if network["kind"] == "layered":
        for l, layer in enumerate(network["layers"]):
            for post, row in enumerate(layer["weights"]):
                for pre, weight in enumerate(row):
                    found["weight", l, post, pre] = number(weight)
            for post, bias in enumerate(layer.get("biases", [])):
                found["bias", l, post] = number(bias)
    else:
        for post, pre, weight in network["synapses"]:
            found["weight", post, pre] = number(weight)
        for neuron, bias in enumerate(network.get("biases", [])):
            if neuron not in network["inputs"]:
                found["bias", neuron] = number(bias)
    return found


def layered_outputs(case, theta, inputs, own_rule, watch, feedback=None):
    rates = inputs

    def term(l, post, pre):
        weight, x = theta["weight", l, post, pre], rates[pre]
        if feedback is None or l == 0:
            return weight * x
        # Rates go up through the weight, derivatives come down through a matrix of their own.
        return weight * x.value + x.through(Fraction(0), feedback[l - 1][pre][post])

    for l, layer in enumerate(case["network"]["layers"]):
        kink = layer.get("kink", case.get("kink", "left"))
        balance = layer.get("balance") if own_rule else None
        after = []
        for post, row in enumerate(layer["weights"]):
            terms = [term(l, post, pre) for pre in range(len(row))]
            if "biases" in layer:
                terms.append(theta["bias", l, post])
            s = total(terms)
            watch((l, post), s.value)
            after.append(rate(layer["activation"], balance, s, kink))
        rates = after
    return rates


def graph_outputs(case, theta, inputs, own_rule, watch):
    network, kink = case["network"], case.get("kink", "left")
    rates, waiting = dict(zip(network["inputs"], inputs)), set()
    incoming = {neuron: [] for neuron in range(network["neurons"])}
    for post, pre, _ in network["synapses"]:
        incoming[post].append(pre)
    # An output that clamps its credit hears nothing from those that hear it: to them its rate is a plain number.
    clamped = set(network["outputs"]) if own_rule and case.get("output_credit") == "clamp" else ()

    def per_neuron(field, neuron):
        value = network.get(field)
        return value[neuron] if isinstance(value, list) else value

    def heard(neuron):
        found = visit(neuron)
        return found.value if neuron in clamped else found

    def visit(neuron):
        if neuron in rates:
            return rates[neuron]
        if neuron in waiting:
            raise Unsupported("the graph has a cycle")
        waiting.add(neuron)
        terms = [theta["weight", neuron, pre] * heard(pre) for pre in incoming[neuron]]
        if "biases" in network:
            terms.append(theta["bias", neuron])
        s = total(terms) if terms else inputs[0] * 0
        watch(neuron, s.value)
        balance = per_neuron("balance", neuron) if own_rule else None
        rates[neuron] = rate(per_neuron("activation", neuron), balance, s, kink)
        return rates[neuron]

    for neuron in range(network["neurons"]):  # neurons that lead nowhere are evaluated too
        visit(neuron)
    return [rates[neuron] for neuron in network["outputs"]]


def has_cycle(network):
    if network["kind"] == "layered":
        return False
    waiting, synapses = set(range(network["neurons"])), network["synapses"]
    while True:
        free = {n for n in waiting if not any(post == n and pre in waiting for post, pre, _ in synapses)}
        if not free:
            return bool(waiting)
        waiting -= free


SETTLED = {}  # equilibria found already: each serves every direction of the dual numbers


def cyclic_outputs(case, theta, inputs, own_rule, watch, given):
    network, kink = case["network"], case.get("kink", "left")
    clamped = dict(zip(network["inputs"], inputs))

    def per_neuron(field, neuron):
        value = network.get(field)
        return value[neuron] if isinstance(value, list) else value

    def fire_at(neuron, s):
        return fire(per_neuron("activation", neuron), s, kink)

    def slope(neuron, s):
        balance = per_neuron("balance", neuron) if own_rule else None
        return rate(per_neuron("activation", neuron), balance, Dual(s, 1), kink).part

    exact = {key: value.value for key, value in theta.items()}
    still = {neuron: value.value for neuron, value in clamped.items()}
    key = (tuple(exact.items()), tuple(still.items()), json.dumps([network, kink, given]))
    try:
        if key not in SETTLED:
            SETTLED[key] = cycle.equilibrium(network, exact, still, given, fire_at)
        settled = SETTLED[key]
        for neuron, s in settled[1].items():
            watch(neuron, s)
        rates = cycle.outputs(network, theta, clamped, settled, slope)
    except cycle.NoEquilibrium as refusal:
        raise Unsupported(f"the graph has a cycle, and {refusal}") from None
    return [rates[neuron] for neuron in network["outputs"]]


def total(terms):
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def example_loss(case, theta, inputs, target, own_rule=False, watch=lambda where, s: None, given=None, feedback=None):
    """The loss of one example, as a differentiable number; `given` is its equilibrium, if the case has one."""
    if feedback is not None:
        outputs = layered_outputs(case, theta, inputs, own_rule, watch, feedback)
    elif has_cycle(case["network"]):
        outputs = cyclic_outputs(case, theta, inputs, own_rule, watch, given)
    else:
        forward = layered_outputs if case["network"]["kind"] == "layered" else graph_outputs
        outputs = forward(case, theta, inputs, own_rule, watch)
    return measured(case, outputs, [number(t) for t in target])


def measured(case, outputs, target):
    """L_b = (B/N) Σ_k ℓ(x_k, t_k); a piece of ℓ is chosen as one of σ is."""
    loss = case.get("loss", "half_squared_error")
    errors = [x + -t for x, t in zip(outputs, target, strict=True)]
    if loss == "half_squared_error":
        return total([error * error for error in errors]) * Fraction(1, 2)
    name, kink = loss["name"], loss.get("kink", "left" if loss["name"] == "hinge" else "mean")

    def absolute(r):
        return piecewise(r, [0], [lambda r: r * -1, lambda r: r], kink)

    def bowl(r, width):
        straight = [lambda r: r * -width + -width * width / 2, lambda r: r * width + -width * width / 2]
        return piecewise(r, [-width, width], [straight[0], lambda r: r * r * Fraction(1, 2), straight[1]], "left")

    if name == "mse":
        terms = [r * r for r in errors]
    elif name == "huber":
        terms = [bowl(r, number(loss["delta"])) for r in errors]
    elif name == "smooth_l1" and number(loss["beta"]):
        beta = number(loss["beta"])
        terms = [bowl(r, beta) * (1 / beta) for r in errors]
    elif name == "hinge":
        missing = [x * -t + number(loss["margin"]) for x, t in zip(outputs, target, strict=True)]
        terms = [piecewise(m, [0], [lambda m: m * 0, lambda m: m], kink) for m in missing]
    else:
        terms = [absolute(r) for r in errors]
    examples = len(case["examples"])
    return total(terms) * {"sum": Fraction(examples), "mean": Fraction(1, len(outputs)), "batch_mean": Fraction(1)}[loss["reduction"]]


# ---------------------------------------------------------------- gradients


def equilibria(case):
    """What the case gives, one per example; None where it gives nothing."""
    return case.get("equilibrium") or [None] * len(case["examples"])


def by_tape(case, own_rule, feedback=None):
    """Reverse mode: one evaluation and one backward pass per example."""
    theta, examples = parameters(case["network"]), case["examples"]
    loss, gradient, inputs_gradient = Fraction(0), dict.fromkeys(theta, Fraction(0)), []
    for example, given in zip(examples, equilibria(case), strict=True):
        tape = []
        taped = {key: Taped(value, tape) for key, value in theta.items()}
        inputs = [Taped(number(value), tape) for value in example["input"]]
        result = example_loss(case, taped, inputs, example["target"], own_rule, given=given, feedback=feedback)
        result.backward()
        loss += result.value / len(examples)
        for key, node in taped.items():
            gradient[key] += node.adjoint / len(examples)
        inputs_gradient.append([node.adjoint for node in inputs])
    return loss, gradient, inputs_gradient


def by_duals(case, own_rule, feedback=None):
    """Forward mode: one evaluation per parameter or input, and example."""
    theta, examples = parameters(case["network"]), case["examples"]
    loss, gradient, inputs_gradient = Fraction(0), dict.fromkeys(theta, Fraction(0)), []

    def along(example, given, direction):
        moved = {key: Dual(value, key == direction) for key, value in theta.items()}
        inputs = [Dual(number(v), ("input", j) == direction) for j, v in enumerate(example["input"])]
        return example_loss(case, moved, inputs, example["target"], own_rule, given=given, feedback=feedback)

    for example, given in zip(examples, equilibria(case), strict=True):
        loss += along(example, given, None).value / len(examples)
        for key in theta:
            gradient[key] += along(example, given, key).part / len(examples)
        row = [along(example, given, ("input", j)).part for j in range(len(example["input"]))]
        inputs_gradient.append(row)
    return loss, gradient, inputs_gradient


METHODS = {"tape": by_tape, "dual": by_duals}


def evaluate(case, rule="backprop", method="tape", quantity="gradient", feedback=None):
    """A creditcheck/gradient/1 document; `rule` matters only where a balance function is replaced or credit is clamped.

    Of feedback alignment `feedback` has the matrices, layer by layer from the second, [pre][post].
    """
    own_rule = rule in ("credit", "feedback_alignment")
    loss, gradient, inputs = METHODS[method](case, own_rule, feedback)
    factor = -number(case["learning_rate"]) if quantity == "update" else 1
    show = {key: canonical(factor * value) for key, value in gradient.items()}
    network = case["network"]
    document = {"format": FORMAT_GRADIENT, "case": digest(case), "rule": rule, "number": "exact",
                "quantity": quantity, "loss": canonical(loss)}
    if network["kind"] == "layered":
        document["layers"] = []
        for l, layer in enumerate(network["layers"]):
            rows = [[show["weight", l, post, pre] for pre in range(len(row))]
                    for post, row in enumerate(layer["weights"])]
            shown = {"weights": rows}
            if "biases" in layer:
                shown["biases"] = [show["bias", l, post] for post in range(len(rows))]
            document["layers"].append(shown)
    else:
        document["synapses"] = [[post, pre, show["weight", post, pre]] for post, pre, _ in network["synapses"]]
        if "biases" in network:
            document["biases"] = [show.get(("bias", neuron), "0") for neuron in range(network["neurons"])]
    if feedback is None:
        document["inputs"] = [[canonical(value) for value in row] for row in inputs]
    return document


def net_inputs(case, example=0):
    """The net input s of every neuron that is not clamped: where -> value."""
    theta = {key: Dual(value) for key, value in parameters(case["network"]).items()}
    chosen, found = case["examples"][example], {}
    inputs = [Dual(number(value)) for value in chosen["input"]]
    given = equilibria(case)[example]
    example_loss(case, theta, inputs, chosen["target"], watch=found.__setitem__, given=given)
    return found


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case")
    parser.add_argument("--rule", choices=["credit", "backprop", "tangent"], default="backprop")
    parser.add_argument("--method", choices=sorted(METHODS), default="tape")
    parser.add_argument("--quantity", choices=["gradient", "update"], default="gradient")
    parser.add_argument("--digest", action="store_true", help="print the digest of the case instead")
    options = parser.parse_args()
    case = load(options.case)
    if options.digest:
        print(digest(case))
        return 0
    try:
        result = evaluate(case, options.rule, options.method, options.quantity)
    except Unsupported as refusal:
        print(f"{options.case}: unsupported: {refusal}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
