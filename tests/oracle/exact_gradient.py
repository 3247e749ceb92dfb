#!/usr/bin/env python3
"""The exact gradient of a ReLU network of floats in Python's integers: an oracle that shares nothing with the crate.

    python3 tests/oracle/exact_gradient.py --binary target/release/creditcheck fixtures/audit/digits-64-32-10 [--rows N]

Every float is an integer over a power of two, so a pass is integer arithmetic with one exponent per layer. Each entry of
the gradient is rounded once, by Python's division of integers (correctly rounded by definition), and must equal, bit for bit,
what `creditcheck gradient CASE --number exact -o GRADIENT.safetensors` writes. --rows N takes every N-th row of each layer.
Loss: half squared error, mean over the batch. Needs nothing but the standard library.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FORMATS = {"F64": ("d", 8), "F32": ("f", 4)}


def tensors(file):
    """All tensors of a safetensors file as {name: (shape, flat list of floats)}."""
    data = Path(file).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        letter, size = FORMATS[entry["dtype"]]
        found[name] = (entry["shape"], list(struct.unpack(f"<{(end - start) // size}{letter}", body[start:end])))
    return found


def scaled(values):
    """Integers n and a shift k with value = n / 2^k."""
    ratios = [value.as_integer_ratio() for value in values]
    shift = max((below.bit_length() - 1 for _, below in ratios), default=0)
    return [above << (shift - below.bit_length() + 1) for above, below in ratios], shift


def rows(flat, width):
    return [flat[k : k + width] for k in range(0, len(flat), width)]


def gradient(net, data):
    """Per layer: functions giving weight gradients (row) and bias gradient, as (numerators, denominator)."""
    names = sorted({name.rsplit(".", 1)[0] for name in net})
    (batch, _), flat = data["inputs"]
    x, x_shift = scaled(flat)
    rates, shifts, gates, weights = [rows(x, len(x) // batch)], [x_shift], [], []
    for index, name in enumerate(names):
        (height, width), flat = net[f"{name}.weight"]
        w, w_shift = scaled(flat)
        b, b_shift = scaled(net[f"{name}.bias"][1])
        shift = w_shift + shifts[-1]
        common = max(shift, b_shift)
        w, b = rows(w, width), [value << (common - b_shift) for value in b]
        net_inputs = [
            [(sum(map(int.__mul__, row, x)) << (common - shift)) + bias for row, bias in zip(w, b)] for x in rates[-1]
        ]
        last = index == len(names) - 1
        gates.append([[True if last else s > 0 for s in of_example] for of_example in net_inputs])
        rates.append([[s if g else 0 for s, g in zip(*pair)] for pair in zip(net_inputs, gates[-1])])
        shifts.append(common)
        weights.append((w, w_shift))
        assert height == len(w)
    targets, t_shift = scaled(data["targets"][1])
    common = max(shifts[-1], t_shift)
    targets = rows(targets, len(targets) // batch)
    adjoint = [
        [(a << (common - shifts[-1])) - (t << (common - t_shift)) for a, t in zip(*pair)]
        for pair in zip(rates[-1], targets)
    ]
    found = {}
    for index in reversed(range(len(names))):
        delta = [[a if g else 0 for a, g in zip(*pair)] for pair in zip(adjoint, gates[index])]
        found[names[index]] = (delta, common, rates[index], shifts[index])
        w, w_shift = weights[index]
        columns = list(zip(*w))
        adjoint = [[sum(map(int.__mul__, column, d)) for column in columns] for d in delta]
        common += w_shift
    return names, batch, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="+", type=Path, help="holds net.safetensors, data.safetensors and case.json")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rows", type=int, default=1, help="take every N-th row of each layer")
    arguments = parser.parse_args()
    wrong = 0
    for folder in arguments.folder:
        with tempfile.TemporaryDirectory() as scratch:
            output = Path(scratch) / "gradient.safetensors"
            command = [arguments.binary, "gradient", folder / "case.json", "--number", "exact", "-o", output]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            theirs = tensors(output)
        names, batch, found = gradient(tensors(folder / "net.safetensors"), tensors(folder / "data.safetensors"))
        compared = nonzero = different = 0
        for name in names:
            delta, d_shift, x, x_shift = found[name]
            (height, width), values = theirs[f"{name}.weight"]
            biases = theirs[f"{name}.bias"][1]
            by_pre = list(zip(*x))
            for post in range(0, height, arguments.rows):
                of_post = [d[post] for d in delta]
                entries = [(sum(map(int.__mul__, of_post, of_pre)), d_shift + x_shift) for of_pre in by_pre]
                entries.append((sum(of_post), d_shift))
                mine = values[post * width : (post + 1) * width] + [biases[post]]
                for (above, shift), value in zip(entries, mine, strict=True):
                    expected = above / (batch << shift)
                    compared += 1
                    nonzero += above != 0
                    different += expected != value
        wrong += different + (nonzero == 0)
        print(f"{folder}: {compared} entries, {nonzero} of them not zero, {different} different")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
