#!/usr/bin/env python3
"""Gradients at equilibria as solvers give them, right ones and wrong ones by name: does `check` tell them apart?

    pip install numpy==2.4.6 jax==0.10.2 jaxopt==0.8.5
    equilibria.py --count 100 --seed 1 --out DIR                      writes the corpus
    equilibria.py --count 100 --seed 1 --out DIR --binary BINARY      and has it judged

A campaign, run by hand. DIR holds, for N = 0, 1, …:

    case_N.json                   h = σ(W h + U u + b), out = V h + a, as a graph with a cycle, in creditcheck/case/1
    right_N_ENGINE-NUMBER.json    its gradient: Newton and a least-squares solve; plain iteration and Anderson's to a tolerance, which the file states,
                                  with and without the rates at which it stopped; jax; jaxopt's FixedPointIteration and AndersonAcceleration
    wrong_N_MISTAKE-NUMBER.json   a gradient with one mistake

jax and jaxopt are left out where they are not installed. The reference is numpy in f64 after Newton's method, and decides one thing only: a mistake
that moves no entry by more than `SEEN` of the largest is not planted. The same seed gives the same cases.

With --binary: a right gradient that ends with 1 or 2 is a false alarm, a wrong one that ends with 0 was accepted. Both are listed, and make this
program end with 1. Ends with 3 are counted. "named" counts the wrong ones for which the mistake that was planted is printed, "other" those for which
another one is and that one is not.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np

try:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
except ImportError:
    jax = None
try:
    import jaxopt
except ImportError:
    jaxopt = None

SEEN = 2e-3
NUMPY = {"f32": np.float32, "f64": np.float64}
SIGMAS = ["tanh", "tanh", "logistic", "hard_tanh", "softplus", "softsign"]


def fire(sigma, s, xp=np):
    """σ and σ′ of the net inputs, as people write them."""
    one = s.dtype.type(1) if xp is np else 1
    if sigma == "tanh":
        y = xp.tanh(s)
        return y, one - y * y
    if sigma == "logistic":
        y = one / (one + xp.exp(-s))
        return y, y * (one - y)
    if sigma == "hard_tanh":
        return xp.clip(s, -1, 1), ((s > -1) & (s < 1)).astype(s.dtype)
    if sigma == "softplus":
        return xp.logaddexp(s, 0 * s), one / (one + xp.exp(-s))
    root = one + abs(s)
    return s / root, one / (root * root)


# ---------------------------------------------------------------- cases


class Net:
    def __init__(self, rng):
        self.sigma = rng.choice(SIGMAS)
        hidden, inputs, outputs = rng.randint(2, 5), rng.randint(1, 3), rng.randint(1, 2)
        batch = rng.randint(1, 3)
        gain = {"logistic": 3.0, "softplus": 0.8, "hard_tanh": 0.8}.get(self.sigma, 1.2)

        def draw(rows, columns, scale):
            return np.array([[round(rng.uniform(-scale, scale) * 64) / 64 for _ in range(columns)] for _ in range(rows)])

        self.w = draw(hidden, hidden, gain / hidden**0.5)
        self.u, self.v = draw(hidden, inputs, 1.0), draw(outputs, hidden, 1.0)
        self.b, self.a = draw(1, hidden, 0.5)[0], draw(1, outputs, 0.5)[0]
        self.x, self.t = draw(batch, inputs, 1.0), draw(batch, outputs, 2.0)

    def cast(self, number):
        other = object.__new__(Net)
        other.sigma = self.sigma
        for name in "w u v b a x t".split():
            setattr(other, name, getattr(self, name).astype(NUMPY[number]))
        return other

    def case(self):
        h, k, d = len(self.b), len(self.a), self.x.shape[1]
        text = lambda x: str(Fraction(float(x)))
        synapses = []
        for i in range(h):
            synapses += [[d + i, j, text(self.u[i, j])] for j in range(d)]
            synapses += [[d + i, d + j, text(self.w[i, j])] for j in range(h)]
        synapses += [[d + h + i, d + j, text(self.v[i, j])] for i in range(k) for j in range(h)]
        sigma = {"name": "hard_tanh", "min": -1, "max": 1} if self.sigma == "hard_tanh" else self.sigma
        return {
            "format": "creditcheck/case/1",
            "network": {
                "kind": "graph",
                "neurons": d + h + k,
                "inputs": list(range(d)),
                "outputs": list(range(d + h, d + h + k)),
                "activation": ["identity"] * d + [sigma] * h + ["identity"] * k,
                "synapses": synapses,
                "biases": ["0"] * d + [text(x) for x in self.b] + [text(x) for x in self.a],
            },
            "loss": "half_squared_error",
            "learning_rate": 1,
            "examples": [{"input": [text(x) for x in r], "target": [text(x) for x in t]} for r, t in zip(self.x, self.t)],
        }

    def step(self, h):
        """σ and σ′ of all examples at once."""
        return fire(self.sigma, h @ self.w.T + self.x @ self.u.T + self.b)


# ---------------------------------------------------------------- solvers


def newton(net):
    h = np.zeros((len(net.x), len(net.b)), net.w.dtype)
    for _ in range(50):
        y, slope = net.step(h)
        for n in range(len(h)):
            h[n] += np.linalg.solve(np.eye(len(net.b), dtype=h.dtype) - slope[n][:, None] * net.w, y[n] - h[n])
    return h


def iterate(function, start, tolerance):
    """Until it moves by less, over all examples."""
    for _ in range(200_000):
        after = function(start)
        far = np.linalg.norm(after - start)
        start = after
        if far <= tolerance:
            return start
    return None


def anderson(function, start, tolerance, memory=4):
    """Anderson's acceleration on stacked states, until the residual is below the tolerance, relatively (as DEQs do)."""
    states, values = [start.ravel()], [function(start).ravel()]
    for _ in range(2000):
        residual = np.stack([v - s for s, v in zip(states, values)][-memory:])
        last = values[-1]
        if np.linalg.norm(residual[-1]) <= tolerance * (1e-9 + np.linalg.norm(last)):
            return last.reshape(start.shape)
        gram = residual @ residual.T + 1e-10 * np.eye(len(residual), dtype=residual.dtype) * (residual[-1] @ residual[-1])
        try:
            alpha = np.linalg.solve(gram, np.ones(len(gram), gram.dtype))
        except np.linalg.LinAlgError:
            alpha = np.zeros(len(gram), gram.dtype)
            alpha[-1] = 1
        alpha = alpha / alpha.sum()
        mixed = alpha @ np.stack(values[-memory:])
        if not np.isfinite(mixed).all():
            mixed = last
        states.append(mixed.astype(start.dtype))
        values.append(function(states[-1].reshape(start.shape)).ravel())
    return None


def gradient(net, h, credits):
    """∂L/∂ of everything, at these rates; `credits` solves for those of the hidden neurons, 1/B included."""
    out = h @ net.v.T + net.a
    e = (out - net.t) / net.w.dtype.type(len(h))
    _, slope = net.step(h)
    c = credits(slope, e @ net.v)
    if c is None or not np.isfinite(c).all():
        return None
    delta = slope * c
    rates = np.concatenate([net.x, h, out], axis=1)
    return {"u": delta.T @ net.x, "w": delta.T @ h, "v": e.T @ h, "b": delta.sum(0), "a": e.sum(0), "rates": rates}


def by(solve):
    """Credits example by example: (I − Wᵀ diag σ′) c = entering."""

    def credits(net):
        def of(slope, entering):
            one = np.eye(len(net.b), dtype=net.w.dtype)
            try:
                return np.stack([solve(one, net.w, s, e) for s, e in zip(slope, entering)])
            except np.linalg.LinAlgError:
                return None

        return of

    return credits


direct = by(lambda one, w, s, e: np.linalg.solve(one - w.T * s, e))
least_squares = by(lambda one, w, s, e: np.linalg.lstsq(one - w.T * s, e, rcond=None)[0])
inverse = by(lambda one, w, s, e: np.linalg.inv(one - w.T * s) @ e)


def repeated(tolerance):
    return lambda net: lambda slope, entering: iterate(lambda c: (slope * c) @ net.w + entering, entering, tolerance)


def steps(count):
    def credits(net):
        def of(slope, entering):
            c = entering
            for _ in range(count - 1):
                c = (slope * c) @ net.w + entering
            return c

        return of

    return credits


WRONG = {
    "one-step": (steps(1), ["differentiates one step", "relaxes the credit once"]),
    "four-steps": (steps(4), ["(4 steps of it)"]),
    "without-identity": (by(lambda one, w, s, e: np.linalg.solve(-w.T * s, e)), ["differentiates f(x) where"]),
    "jacobian": (by(lambda one, w, s, e: np.linalg.solve(one - s[:, None] * w, e)), ["the Jacobian of the equilibrium", "along the synapses"]),
    "weights": (by(lambda one, w, s, e: np.linalg.solve(one - w * s, e)), ["along the synapses"]),
    "no-slope": (by(lambda one, w, s, e: np.linalg.solve(one - w.T, e)), ["without the balance factor"]),
}


def right(net, number):
    """Engine, gradient, and what the file says of the solver."""
    n = net.cast(number)
    h = newton(n)
    for name, credits in [("newton-solve", direct), ("newton-lstsq", least_squares), ("newton-inverse", inverse)]:
        yield name, gradient(n, h, credits(n)), None
    yield "newton-given", gradient(n, h, direct(n)), "given"
    zero = np.zeros_like(h)
    for tolerance, text in [(1e-3, "0.001"), (1e-5, "0.00001")]:
        rest = iterate(lambda h: n.step(h)[0], zero, tolerance)
        if rest is not None:
            found = gradient(n, rest, repeated(tolerance)(n))
            yield f"plain-{text}", found, {"tolerance": text}
            yield f"plain-given-{text}", found, {"tolerance": text, "given": True}
        rest = anderson(lambda h: n.step(h)[0], zero, tolerance)
        if rest is not None:
            yield f"anderson-{text}", gradient(n, rest, repeated(tolerance)(n)), {"tolerance": text}
            yield f"anderson-direct-{text}", gradient(n, rest, direct(n)), {"tolerance": text, "credit_tolerance": "0"}
    if jax is not None:
        yield "jax-vjp", by_jax(n, h), None
    if jaxopt is not None and number == "f64":
        for engine in ("FixedPointIteration", "AndersonAcceleration"):
            yield f"jaxopt-{engine}", by_jaxopt(n, engine), {"tolerance": "0.000001"}


def by_jax(net, h):
    """vjp of one step at the equilibrium, and a solve with the Jacobian that jax gives."""

    def step(parameters, h):
        w, u, b = parameters
        return fire(net.sigma, h @ w.T + jnp.asarray(net.x) @ u.T + b, jnp)[0]

    parameters = tuple(map(jnp.asarray, (net.w, net.u, net.b)))
    flat = jnp.asarray(h).ravel()
    of_state = lambda h: step(parameters, h.reshape(net.x.shape[0], -1)).ravel()
    out = h @ net.v.T + net.a
    e = (out - net.t) / net.w.dtype.type(len(h))
    jacobian = jax.jacobian(of_state)(flat)
    c = jnp.linalg.solve(jnp.eye(flat.size, dtype=flat.dtype) - jacobian.T, jnp.asarray(e @ net.v).ravel())
    _, back = jax.vjp(lambda p: step(p, jnp.asarray(h)), parameters)
    w, u, b = map(np.asarray, back(c.reshape(h.shape))[0])
    return {"u": u, "w": w, "b": b, "v": e.T @ h, "a": e.sum(0)}


def by_jaxopt(net, engine):
    """jaxopt's implicit differentiation, at its own tolerance of 10⁻⁶ in both directions."""

    def step(h, parameters):
        w, u, b = parameters
        return fire(net.sigma, h @ w.T + jnp.asarray(net.x) @ u.T + b, jnp)[0]

    solver = getattr(jaxopt, engine)(
        step, tol=1e-6, maxiter=5000, implicit_diff_solve=lambda f, b: jaxopt.linear_solve.solve_gmres(f, b, tol=1e-8)
    )

    def loss(parameters):
        (w, u, b), (v, a) = parameters
        h = solver.run(jnp.zeros((len(net.x), len(net.b))), (w, u, b)).params
        return 0.5 * jnp.sum((h @ v.T + a - net.t) ** 2) / len(net.x)

    (w, u, b), (v, a) = jax.grad(loss)(((net.w, net.u, net.b), (net.v, net.a)))
    found = dict(zip("wubva", map(np.asarray, (w, u, b, v, a))))
    return found if all(np.isfinite(x).all() for x in found.values()) else None


# ---------------------------------------------------------------- files


def document(net, number, found, solver):
    d, h = net.x.shape[1], len(net.b)
    hexed = lambda x: float(NUMPY[number](x)).hex()
    synapses = []
    for i in range(h):
        synapses += [[d + i, j, hexed(found["u"][i, j])] for j in range(d)]
        synapses += [[d + i, d + j, hexed(found["w"][i, j])] for j in range(h)]
    synapses += [[d + h + i, d + j, hexed(found["v"][i, j])] for i in range(len(net.a)) for j in range(h)]
    biases = ["0"] * d + [hexed(x) for x in found["b"]] + [hexed(x) for x in found["a"]]
    file = {"format": "creditcheck/gradient/1", "number": number, "synapses": synapses, "biases": biases}
    if solver is not None:
        solver = {"given": True} if solver == "given" else dict(solver)
        if solver.pop("given", False):
            solver["equilibrium"] = [[float(x).hex() for x in row] for row in found["rates"]]
        file["solver"] = solver
    return file


def flat(found):
    return np.concatenate([np.asarray(found[name], float).ravel() for name in "uwvba"])


def write(options):
    rng = random.Random(options.seed)
    index = []
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    number_of = 0
    while number_of < options.count:
        net = Net(rng)
        h = newton(net.cast("f64"))
        y, slope = net.step(h)
        radius = max(abs(np.linalg.eigvals(s[:, None] * net.w)).max() for s in slope)
        # Where the iteration from rest comes to lie, and not on a kink.
        rest = iterate(lambda h: net.step(h)[0], np.zeros_like(h), 1e-13)
        s = h @ net.w.T + net.x @ net.u.T + net.b
        near_kink = net.sigma == "hard_tanh" and abs(abs(s) - 1).min() < 1e-2
        if radius > 0.95 or rest is None or abs(rest - h).max() > 1e-9 or near_kink:
            continue
        case = f"case_{number_of}.json"
        (out / case).write_text(json.dumps(net.case()))
        reference = flat(gradient(net, h, direct(net)))
        scale = abs(reference).max()
        for number in NUMPY:
            for engine, found, solver in right(net, number):
                if found is None:
                    continue
                name = f"right_{number_of}_{engine}-{number}.json"
                (out / name).write_text(json.dumps(document(net, number, found, solver)))
                off = abs(flat(found) - reference).max() / scale
                index.append({"case": case, "file": name, "engine": engine, "number": number, "sigma": net.sigma, "off": off})
            n = net.cast(number)
            at = newton(n)
            wrong = {name: (gradient(n, at, credits(n)), words) for name, (credits, words) in WRONG.items()}
            slipped = gradient(n, at, direct(n))
            where = np.unravel_index(abs(slipped["w"]).argmax(), slipped["w"].shape)
            slipped["w"][where] *= n.w.dtype.type(1.001)
            early = n.step(n.step(np.zeros_like(at))[0])[0]
            wrong["slip"] = (slipped, [])
            wrong["unsettled"] = (gradient(n, early, direct(n)), [])
            for mistake, (found, words) in wrong.items():
                if found is None or abs(flat(found) - reference).max() < (SEEN if mistake != "slip" else 1e-4) * scale:
                    continue
                name = f"wrong_{number_of}_{mistake}-{number}.json"
                (out / name).write_text(json.dumps(document(net, number, found, None)))
                index.append({"case": case, "file": name, "mistake": mistake, "number": number, "words": words, "sigma": net.sigma})
        number_of += 1
    (out / "index.json").write_text(json.dumps(index, indent=1))


def judge(options):
    out = pathlib.Path(options.out)
    alarms, accepted = [], []
    counts = collections.Counter()
    for entry in json.loads((out / "index.json").read_text()):
        command = [options.binary, "check", out / entry["case"], out / entry["file"], "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "engine" in entry:
            key = f"right {entry['engine']} {entry['number']}"
            counts[key, {0: "passed", 3: "unchecked"}.get(done.returncode, "ALARM")] += 1
            if done.returncode not in (0, 3):
                alarms.append((entry, done.stdout[-2000:] + done.stderr))
            continue
        key = f"wrong {entry['mistake']} {entry['number']}"
        if done.returncode == 0:
            accepted.append((entry, done.stdout[-2000:]))
            counts[key, "ACCEPTED"] += 1
            continue
        found = json.loads(done.stdout)["diagnosis"] if done.returncode == 1 else []
        named = any(word in sentence for word in entry["words"] for sentence in found)
        counts[key, "named" if named else "other" if found else "found" if done.returncode == 1 else f"exit {done.returncode}"] += 1
        if found and not named:
            print(entry["file"], found)
    width = max(len(key) for key, _ in counts)
    for key in sorted({key for key, _ in counts}):
        line = ", ".join(f"{count} {what}" for (k, what), count in sorted(counts.items()) if k == key)
        print(f"{key:{width}}  {line}")
    for entry, said in (alarms + accepted)[:20]:
        print(entry, said)
    print(f"{len(alarms)} false alarms, {len(accepted)} accepted")
    return 1 if alarms or accepted else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--binary")
    options = parser.parse_args()
    write(options)
    return judge(options) if options.binary else 0


if __name__ == "__main__":
    sys.exit(main())
