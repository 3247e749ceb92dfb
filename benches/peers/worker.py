"""The other side of the comparison: PyTorch, JAX and LAPACK on one thread; run.py starts it and asks for times in turn.

    time KEY COUNT      so many runs of torch/NET/FORMAT, jax/NET/FORMAT or dgesv/N       -> seconds
    gradient KEY FILE   writes the gradient: W row by row, then b, layer by layer, as f64 -> ok
    solution N FILE     writes what dgesv found                                           -> ok
    drop                forgets all of it                                                 -> ok
    about               versions                                                          -> JSON
"""

import json
import os
import platform
import sys
import time
from pathlib import Path

# Before anything that starts threads is imported.
DATA, CORE = Path(sys.argv[1]), int(sys.argv[2])
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {CORE})
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.linalg.lapack  # noqa: E402
import torch  # noqa: E402

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
torch.set_num_interop_threads(1)
RATE = 1 / 1048576


def data(net, dtype):
    """[(W, b), ...], inputs and targets as arrays, one row per example."""
    folder = DATA / net
    batch, *widths = (int(word) for word in (folder / "shape").read_text().split())

    def array(name, *shape):
        return np.fromfile(folder / name, "<f8").reshape(shape).astype(dtype)

    layers = [(array(f"w{l + 1}", post, pre), array(f"b{l + 1}", post)) for l, (pre, post) in enumerate(zip(widths, widths[1:]))]
    return layers, array("x", batch, widths[0]), array("t", batch, widths[-1])


class Torch:
    def __init__(self, net, dtype):
        layers, x, t = data(net, dtype)
        self.parts = [torch.tensor(part, requires_grad=True) for layer in layers for part in layer]
        self.x, self.t = torch.tensor(x), torch.tensor(t)

    def gradient(self):
        x, last = self.x, len(self.parts) - 2
        for l in range(0, len(self.parts), 2):
            x = torch.nn.functional.linear(x, self.parts[l], self.parts[l + 1])
            if l < last:
                x = torch.relu(x)
        loss = torch.nn.functional.mse_loss(x, self.t, reduction="sum") * (0.5 / len(x))
        return torch.autograd.grad(loss, self.parts)

    def run(self, count):
        for _ in range(count):
            found = self.gradient()
            with torch.no_grad():
                torch._foreach_add_(self.parts, found, alpha=-RATE)

    def arrays(self):
        return [part.numpy() for part in self.gradient()]


class Jax:
    def __init__(self, net, dtype):
        layers, x, t = data(net, dtype)
        self.parts = [jnp.asarray(part) for layer in layers for part in layer]
        self.x, self.t = jnp.asarray(x), jnp.asarray(t)
        rate = dtype(RATE)

        def loss(parts, x, t):
            for l in range(0, len(parts), 2):
                x = x @ parts[l].T + parts[l + 1]
                if l < len(parts) - 2:
                    x = jax.nn.relu(x)
            return ((x - t) ** 2).sum() * dtype(0.5 / len(x))

        def step(parts, x, t):
            return [part - rate * found for part, found in zip(parts, jax.grad(loss)(parts, x, t))]

        self.found = jax.jit(jax.grad(loss))(self.parts, self.x, self.t)
        # The old parameters may be overwritten.
        self.step = jax.jit(step, donate_argnums=0)

    def run(self, count):
        for _ in range(count):
            self.parts = self.step(self.parts, self.x, self.t)
        jax.block_until_ready(self.parts)

    def arrays(self):
        return [np.asarray(part) for part in self.found]


def sequences(net, dtype):
    """W, U, V, b; x and targets, one row per example and step."""
    folder = DATA / net
    n, steps, batch = (int(word) for word in (folder / "shape").read_text().split())

    def array(name, *shape):
        return np.fromfile(folder / name, "<f8").reshape(shape).astype(dtype)

    parts = [array("w", n, n), array("u", n, 8), array("v", 4, n), array("b", 4)]
    return parts, array("x", steps, batch, 8), array("t", steps, batch, 4)


class TorchBptt:
    """The leak is 1/2; the inputs of all steps are one product, and so are the readouts."""

    def __init__(self, net, dtype):
        parts, x, t = sequences(net, dtype)
        self.parts = [torch.tensor(part, requires_grad=True) for part in parts]
        self.x, self.t = torch.tensor(x), torch.tensor(t)

    def gradient(self):
        w, u, v, b = self.parts
        drive = torch.nn.functional.linear(self.x, 0.5 * u)
        w, s, z, rates = (0.5 * w).T, None, None, []
        for now in drive.unbind():
            s = now if s is None else torch.addmm(torch.add(now, s, alpha=0.5), z, w)
            z = torch.tanh(s)
            rates.append(z)
        y = torch.nn.functional.linear(torch.stack(rates), v, b)
        loss = torch.nn.functional.mse_loss(y, self.t, reduction="sum") * (0.5 / self.x.shape[1])
        return torch.autograd.grad(loss, self.parts)

    def run(self, count):
        for _ in range(count):
            self.gradient()

    def arrays(self):
        return [part.numpy() for part in self.gradient()]


class JaxBptt:
    def __init__(self, net, dtype):
        parts, x, t = sequences(net, dtype)
        self.parts = [jnp.asarray(part) for part in parts]
        self.x, self.t = jnp.asarray(x), jnp.asarray(t)
        half = dtype(0.5)

        def loss(parts, x, t):
            w, u, v, b = parts
            drive, w = x @ (half * u).T, (half * w).T

            def fire(state, now):
                s, z = state
                s = half * s + z @ w + now
                z = jnp.tanh(s)
                return (s, z), z

            rest = jnp.zeros((x.shape[1], len(u)), dtype)
            _, rates = jax.lax.scan(fire, (rest, rest), drive)
            return ((rates @ v.T + b - t) ** 2).sum() * dtype(0.5 / x.shape[1])

        self.step = jax.jit(jax.grad(loss))

    def run(self, count):
        for _ in range(count):
            self.found = self.step(self.parts, self.x, self.t)
            jax.block_until_ready(self.found)

    def arrays(self):
        return [np.asarray(part) for part in self.step(self.parts, self.x, self.t)]


class Dgesv:
    def __init__(self, n):
        folder = DATA / f"system-{n}"
        # By columns, as LAPACK wants it: no copy but the one that dgesv needs, because it overwrites.
        self.a = np.asfortranarray(np.fromfile(folder / "a", "<f8").reshape(n, n))
        self.e = np.fromfile(folder / "e", "<f8").reshape(n, 1, order="F")
        self.lu, self.c = np.empty_like(self.a), np.empty_like(self.e)

    def run(self, count):
        for _ in range(count):
            np.copyto(self.lu, self.a)
            np.copyto(self.c, self.e)
            *_, self.found, info = scipy.linalg.lapack.dgesv(self.lu, self.c, overwrite_a=True, overwrite_b=True)
            assert info == 0


class Scipy(Dgesv):
    def run(self, count):
        for _ in range(count):
            self.found = scipy.linalg.solve(self.a, self.e, check_finite=False)
        # Backward stable: the residual of a row is within n^2 roundings of its terms.
        n, terms = len(self.a), np.abs(self.a) @ np.abs(self.found) + np.abs(self.e)
        assert (np.abs(self.a @ self.found - self.e) <= n * n * np.finfo(float).eps * terms.max()).all()


MADE = {}


def made(key):
    if key not in MADE:
        kind, *words = key.split("/")
        if kind in ("dgesv", "scipy"):
            MADE[key] = {"dgesv": Dgesv, "scipy": Scipy}[kind](int(words[0]))
        else:
            net, dtype = words
            MADE[key] = {"torch": Torch, "jax": Jax, "torch-bptt": TorchBptt, "jax-bptt": JaxBptt}[kind](net, {"f32": np.float32, "f64": np.float64}[dtype])
    return MADE[key]


def answer(words):
    match words:
        case ["time", key, count]:
            work = made(key)
            start = time.perf_counter()
            work.run(int(count))
            return repr(time.perf_counter() - start)
        case ["gradient", key, file]:
            parts = made(key).arrays()
            np.concatenate([np.asarray(part, "<f8").ravel() for part in parts]).tofile(file)
        case ["solution", kind, n, file]:
            work = made(f"{kind}/{n}")
            work.run(1)
            work.found.astype("<f8").ravel().tofile(file)
        case ["drop"]:
            MADE.clear()
        case ["about"]:
            config = scipy.show_config(mode="dicts")["Build Dependencies"]["lapack"]
            return json.dumps(
                {
                    "python": platform.python_version(),
                    "torch": torch.__version__,
                    "jax": jax.__version__,
                    "numpy": np.__version__,
                    "scipy": scipy.__version__,
                    "LAPACK": f"{config['name']} {config['version']}",
                    "torch kernels": torch.backends.cpu.get_cpu_capability(),
                    "torch threads": torch.get_num_threads(),
                }
            )
        case _:
            return f"unknown: {' '.join(words)}"
    return "ok"


for line in sys.stdin:
    print(answer(line.split()), flush=True)
