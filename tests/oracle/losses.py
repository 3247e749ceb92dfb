#!/usr/bin/env python3
"""Losses as PyTorch has them: its functions and reductions, differentiated by autograd in f64, against `gradient`, exactly.

    pip install torch==2.15.0
    losses.py --binary BINARY --count 120 --seed 1

A campaign, run by hand. Small networks of dyadic numbers, one in three with an output exactly on the kink of its loss (l1: r = 0; huber and
smooth_l1: |r| at the threshold; hinge: t x = m), where PyTorch's slopes are the default conventions here: sgn 0 = 0, and 0 of relu. L and every
entry must agree to 1e-12 of the largest. Ends with 1 where one does not.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

import torch
import torch.nn.functional as F

NAMES = ("mse", "l1", "huber", "smooth_l1", "hinge")
NUMBER = {"huber": "delta", "smooth_l1": "beta", "hinge": "margin"}
ACTIVATIONS = {"identity": lambda s: s, "relu": torch.relu, "quadratic": lambda s: s + s * s}


def measured(loss, x, t):
    """L by PyTorch: its own function and reduction where it has one."""
    name, reduction = loss["name"], loss["reduction"]
    number = float(Fraction(loss[NUMBER[name]])) if name in NUMBER else None
    function = {
        "mse": lambda how: F.mse_loss(x, t, reduction=how),
        "l1": lambda how: F.l1_loss(x, t, reduction=how),
        "huber": lambda how: F.huber_loss(x, t, reduction=how, delta=number),
        "smooth_l1": lambda how: F.smooth_l1_loss(x, t, reduction=how, beta=number),
        "hinge": lambda how: getattr(torch.relu(number - t * x), how)(),
    }[name]
    return function("sum") / len(x) if reduction == "batch_mean" else function(reduction)


def forward(layers, x):
    for layer in layers:
        x = ACTIVATIONS[layer["activation"]](x @ layer["W"].T + layer["b"])
    return x


def tensor(rows, **more):
    return torch.tensor([[float(Fraction(v)) for v in row] for row in rows], dtype=torch.float64, **more)


def draw(rng, number):
    """A case; one in three with an output on the kink of its loss."""
    value = lambda: str(Fraction(rng.randint(-12, 12), 8))
    widths = [rng.randint(2, 4) for _ in range(3)]
    hidden, output = rng.choice(["relu", "quadratic"]), rng.choice(["identity", "relu", "quadratic"])
    layers = [
        {"weights": [[value() for _ in range(pre)] for _ in range(post)], "biases": [value() for _ in range(post)], "activation": name}
        for pre, post, name in zip(widths, widths[1:], (hidden, output))
    ]
    name = NAMES[number % len(NAMES)]
    loss = {"name": name, "reduction": ("sum", "mean", "batch_mean")[number // len(NAMES) % 3]}
    if name in NUMBER:
        loss[NUMBER[name]] = rng.choice(["1", "1/2", "3/4", "5/4"] + ["0"] * (name == "smooth_l1"))
    target = (lambda: rng.choice(["-1", "1"])) if name == "hinge" else value
    examples = [
        {"input": [value() for _ in range(widths[0])], "target": [target() for _ in range(widths[-1])]} for _ in range(rng.randint(2, 4))
    ]
    if number % 3 == 0:
        first = forward(tensors(layers), tensor([examples[0]["input"]]))[0][0].item()
        rate, given = Fraction(first), Fraction(loss.get(NUMBER.get(name), 0))
        if name == "hinge":
            loss["margin"] = str(rate * int(examples[0]["target"][0]))
        elif name != "mse":
            examples[0]["target"][0] = str(rate + rng.choice([-1, 1]) * given)
    return {"format": "creditcheck/case/1", "name": f"loss-{number}", "network": {"kind": "layered", "layers": layers}, "loss": loss,
            "learning_rate": "1", "examples": examples}  # fmt: skip


def tensors(layers):
    return [
        {"W": tensor(layer["weights"], requires_grad=True), "b": tensor([layer["biases"]])[0].requires_grad_(), "activation": layer["activation"]}
        for layer in layers
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, wrong, live = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.count):
            case = draw(rng, number)
            path = pathlib.Path(folder, "case.json")
            path.write_text(json.dumps(case))
            found = subprocess.run([options.binary, "gradient", path, "--rule", rng.choice(["credit", "backprop"]), "--format", "json"],
                                   capture_output=True, text=True)  # fmt: skip
            if found.returncode:
                sys.exit(f"{case['loss']}: {found.stderr}")
            mine = json.loads(found.stdout)
            layers = tensors(case["network"]["layers"])
            x = forward(layers, tensor([example["input"] for example in case["examples"]]))
            total = measured(case["loss"], x, tensor([example["target"] for example in case["examples"]]))
            total.backward()
            pairs = [(Fraction(mine["loss"]), total.item())]
            for layer, theirs in zip(mine["layers"], layers):
                pairs += zip((Fraction(v) for row in layer["weights"] for v in row), theirs["W"].grad.flatten().tolist())
                pairs += zip((Fraction(v) for v in layer["biases"]), theirs["b"].grad.tolist())
            largest = max(abs(float(exact)) for exact, _ in pairs[1:])
            live += largest > 0
            off = max(abs(float(exact) - theirs) / max(largest, abs(float(exact)), 1e-3) for exact, theirs in pairs)
            if largest and off > 1e-12:
                wrong += 1
                print(f"case {number}, {case['loss']}: off by {off:.3g}")
    print(f"{options.count} cases, {live} of them live, {wrong} wrong")
    return 1 if wrong or 2 * live < options.count else 0


if __name__ == "__main__":
    sys.exit(main())
