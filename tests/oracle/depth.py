#!/usr/bin/env python3
"""How deep and how wide may a network be for `audit` to see a small mistake? Each line by itself, on right and wrong gradients of frameworks.

    pip install numpy==2.4.6 torch==2.15.0 jax==0.10.2 safetensors==0.8.0
    depth.py --binary BINARY --depths 2,4,8,16,32,64 --widths 16,256

A campaign, run by hand. A network has so many layers of one width, relu and He's weights in f32, and eight examples. Its gradient is computed
by numpy, PyTorch and JAX in f32, and by PyTorch in bf16 (the weights rounded to it too). Then PyTorch's is spoilt: times 1 + 2⁻ᵏ in every
entry, or in its largest one alone. The table says, for each format:

    right    the largest error in standard deviations, and the verdict, of the right ones
    factor   the smallest 2⁻ᵏ that is refused, by the plausible line and by the proved one (--rigorous)
    entry    the same for one entry
    zeros    whether zeros in place of everything are refused

A right gradient that is refused is a false alarm, and makes this program end with 1.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

BATCH, K = 8, range(2, 24)


def draw(depth, width, seed):
    rng = np.random.default_rng([seed, depth, width])
    widths = [width] * depth + [4]
    weights = [(rng.standard_normal((n, m)) * np.sqrt(2 / m)).astype(np.float32) for m, n in zip(widths, widths[1:])]
    biases = [(rng.standard_normal(n) * 0.1).astype(np.float32) for n in widths[1:]]
    x, t = rng.standard_normal((BATCH, width)).astype(np.float32), rng.standard_normal((BATCH, 4)).astype(np.float32)
    return weights, biases, x, t


def by_numpy(weights, biases, x, t):
    rates = [x]
    for l, (w, b) in enumerate(zip(weights, biases)):
        s = rates[-1] @ w.T + b
        rates.append(np.maximum(s, 0) if l < len(weights) - 1 else s)
    adjoint, found = (rates[-1] - t) / np.float32(len(x)), []
    for l in reversed(range(len(weights))):
        if l < len(weights) - 1:
            adjoint = adjoint * (rates[l + 1] > 0)
        found.append((adjoint.T @ rates[l], adjoint.sum(axis=0)))
        adjoint = adjoint @ weights[l]
    return found[::-1]


def by_torch(weights, biases, x, t, dtype="float32"):
    import torch

    of = lambda a, live=False: torch.tensor(a).to(getattr(torch, dtype)).requires_grad_(live)
    parts, x, t = [(of(w, True), of(b, True)) for w, b in zip(weights, biases)], of(x), of(t)
    for l, (w, b) in enumerate(parts):
        x = torch.nn.functional.linear(x, w, b)
        x = torch.relu(x) if l < len(parts) - 1 else x
    (0.5 * ((x - t) ** 2).sum() / len(t)).backward()
    return [(w.grad.float().numpy(), b.grad.float().numpy()) for w, b in parts]


def by_jax(weights, biases, x, t):
    import jax
    import jax.numpy as jnp

    def loss(parts):
        y = jnp.asarray(x)
        for l, (w, b) in enumerate(parts):
            y = y @ w.T + b
            y = jax.nn.relu(y) if l < len(parts) - 1 else y
        return 0.5 * ((y - t) ** 2).sum() / len(t)

    found = jax.jit(jax.grad(loss))([(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(weights, biases)])
    return [(np.asarray(w), np.asarray(b)) for w, b in found]


def rounded(a, dtype):
    import torch

    return torch.tensor(a).to(getattr(torch, dtype)).float().numpy()


def save(file, parts, dtype="float32"):
    import torch
    from safetensors.torch import save_file

    named = {f"layer{l:03}.{kind}": torch.tensor(np.ascontiguousarray(a)).to(getattr(torch, dtype))
             for l, both in enumerate(parts) for kind, a in zip(("weight", "bias"), both)}  # fmt: skip
    save_file(named, file)


class Net:
    def __init__(self, binary, folder, weights, biases, x, t, dtype):
        import torch
        from safetensors.torch import save_file

        self.binary, self.folder, self.dtype = binary, folder, dtype
        save(folder / "net.safetensors", list(zip(weights, biases)))
        save_file({"inputs": torch.tensor(x), "targets": torch.tensor(t)}, folder / "data.safetensors")

    def audit(self, gradient, *options):
        """Exit code, and the largest error in deviations."""
        save(self.folder / "mine.safetensors", gradient, self.dtype)
        files = [str(self.folder / f"{name}.safetensors") for name in ("net", "data", "mine")]
        run = subprocess.run([self.binary, "audit", *files, "--format", "json", "--quiet", *options], capture_output=True, text=True)
        try:
            said = json.loads(run.stdout)
        except json.JSONDecodeError:
            sys.exit(f"audit: {run.stderr}")
        largest = [block["plausible"]["deviations"] for block in said["blocks"] if block.get("plausible")]
        return run.returncode, max((float.fromhex(v) for v in largest), default=float("nan"))

    def smallest(self, spoil, *options):
        """The largest k for which what is spoilt by 2⁻ᵏ is refused; none if not even the first."""
        low, high = K.start - 1, K.stop
        while high - low > 1:
            middle = (low + high) // 2
            if self.audit(spoil(2.0**-middle), *options)[0] == 1:
                low = middle
            else:
                high = middle
        return None if low < K.start else low


def entries(gradient):
    return sum(part.size for both in gradient for part in both)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="creditcheck")
    parser.add_argument("--depths", default="2,4,8,16,32,64")
    parser.add_argument("--widths", default="16")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--right-only", action="store_true", help="no spoilt ones")
    options = parser.parse_args()
    folder, alarms, all_entries, most = pathlib.Path(tempfile.mkdtemp()), 0, 0, 0.0
    print("width depth format   entries  right: numpy  torch    jax  exit   factor 2^-k  proved   entry 2^-k  proved  zeros")
    for width in map(int, options.widths.split(",")):
        for depth in map(int, options.depths.split(",")):
            for dtype in ("float32", "bfloat16"):
                weights, biases, x, t = draw(depth, width, options.seed)
                if dtype == "bfloat16":
                    weights, biases, x, t = ([rounded(w, dtype) for w in weights], [rounded(b, dtype) for b in biases],
                                             rounded(x, dtype), rounded(t, dtype))  # fmt: skip
                net = Net(options.binary, folder, weights, biases, x, t, dtype)
                torch_ = by_torch(weights, biases, x, t, dtype)
                right = [by_numpy(weights, biases, x, t), torch_, by_jax(weights, biases, x, t)] if dtype == "float32" else [torch_]
                found = [net.audit(gradient) for gradient in right]
                alarms += sum(code == 1 for code, _ in found)
                all_entries += sum(map(entries, right))
                most = max([most, *(largest for _, largest in found if largest == largest)])
                line = f"{width:5} {depth:5} {dtype:8} {entries(torch_):8}  " + "".join(f"{v:9.2f}" for _, v in found).rjust(27)
                line += "  " + "".join(str(code) for code, _ in found).rjust(4)
                if not options.right_only:
                    largest = max(range(depth), key=lambda l: np.abs(torch_[l][0]).max())
                    at = np.unravel_index(np.abs(torch_[largest][0]).argmax(), torch_[largest][0].shape)

                    def times(by):
                        return [(w * np.float32(1 + by), b * np.float32(1 + by)) for w, b in torch_]

                    def one(by):
                        changed = [(w.copy(), b) for w, b in torch_]
                        changed[largest][0][at] *= np.float32(1 + by)
                        return changed

                    cells = [net.smallest(spoil, *how) for spoil in (times, one) for how in ((), ("--rigorous",))]
                    zeros = net.audit([(0 * w, 0 * b) for w, b in torch_])[0]
                    line += "".join(f"{'-' if k is None else k!s:>11}" for k in cells) + f"{zeros:7}"
                print(line, flush=True)
    print(f"{all_entries} entries of right gradients, at most {most:.2f} deviations off, {alarms} false alarms")
    return 1 if alarms or not all_entries else 0


if __name__ == "__main__":
    sys.exit(main())
