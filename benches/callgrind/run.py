#!/usr/bin/env python3
"""Counts the instructions of key kernels under callgrind and compares them with counts.json.

    python3 benches/callgrind/run.py              fails if a kernel takes over 3 % more instructions than committed
    python3 benches/callgrind/run.py --accept     writes counts.json
    python3 benches/callgrind/run.py --self-test  shows that the gate can fail

Counts repeat where seconds do not. They are per iteration: the difference of two runs over the difference of their iterations, so
that neither the start of the program nor the preparation of a kernel is in them. Valgrind knows no AVX-512: the kernels fall back to
AVX2, and a change to what runs only with AVX-512 is not seen here. Counts depend on the compiler, on the libraries that are linked, and on the
caches of the processor: the products choose the size of their blocks by what the system says of them, which valgrind does not hide. All
three stand in counts.json, and with other ones the gate concludes nothing and exits 3. Run it by hand before a release and after work on a kernel.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FILE = HERE / "counts.json"
GROWTH = 0.03
# How many iterations the two runs have.
KERNELS = {
    "forward": (2, 12),
    "forward-tanh": (2, 12),
    "forward-logistic": (2, 12),
    "credit-step": (2, 12),
    "credit-step-f32": (2, 12),
    "bp-step": (2, 12),
    "bp-step-f32": (2, 12),
    "gemm": (2, 12),
    "gemm-mod": (2, 12),
    "freivalds": (2, 12),
    "modular-bp": (2, 7),
    "modular-credit": (2, 7),
    "solve": (2, 7),
    "exact-gradient": (1, 3),
    "textbook-credit": (1, 3),
    "textbook-bp": (1, 3),
    "verify": (1, 3),
}


def build(bench="profile"):
    """The kernels in release, as the other benches; cargo says where."""
    command = ["cargo", "bench", "--package", "creditcheck-benches", "--bench", bench, "--no-run", "--message-format=json-render-diagnostics"]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in found.splitlines())
    return [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == bench][-1]


def instructions(binary, *words):
    """Of the whole run of the binary with these words."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"--callgrind-out-file={folder}/out"
        command = ["valgrind", "--tool=callgrind", out, binary, *map(str, words), "--bench"]
        found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} under valgrind:\n{found.stdout}{found.stderr}")
    return int(re.search(r"Collected : (\d+)", found.stderr)[1])


def count(binary, kernel):
    few, many = KERNELS[kernel]
    return (instructions(binary, kernel, many) - instructions(binary, kernel, few)) // (many - few)


def caches():
    """The data caches as the products find them: level, size, ways, line, and how many cores share one."""
    found = set()
    for index in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cache/index*"):

        def read(name):
            return (index / name).read_text().strip()

        if read("type") != "Instruction":
            sharing = int(read("shared_cpu_map").replace(",", ""), 16).bit_count()
            found.add(f"L{read('level')} {read('size')}, {read('ways_of_associativity')} ways, lines of {read('coherency_line_size')}, cores {sharing}")
    return "; ".join(sorted(found)) or "unknown"


def setting():
    """What counts depend on and a commit of ours does not change."""
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lock = hashlib.sha256((ROOT / "Cargo.lock").read_bytes()).hexdigest()[:16]
    return {"compiler": compiler, "Cargo.lock": lock, "caches": caches(), "kernels": "AVX2, because valgrind has no AVX-512"}


def changes(before, here):
    """What is another setting than the committed counts were made in; with any of it their difference says nothing."""
    return [f"{what}: {before.get(what)} -> {now}" for what, now in here.items() if before.get(what) != now]


def regressions(found, committed):
    """One line for each kernel that grew too much or was never counted."""
    lines = []
    for kernel, counted in found.items():
        if kernel not in committed:
            lines.append(f"{kernel}: not in {FILE.name}; --accept writes it")
        elif counted > committed[kernel] * (1 + GROWTH):
            lines.append(f"{kernel}: {counted:,} instructions, {counted / committed[kernel] - 1:+.1%}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", help="some of them only")
    parser.add_argument("--accept", action="store_true", help="write counts.json")
    parser.add_argument("--self-test", action="store_true", help="show that the gate can fail")
    options = parser.parse_args()
    committed = json.loads(FILE.read_text()) if FILE.exists() else {"setting": {}, "instructions": {}}
    binary = build()
    if options.self_test:
        once = count(binary, "forward")
        again = count(binary, "forward")
        assert abs(again / once - 1) < GROWTH / 10, f"counts do not repeat: {once}, {again}"
        # The same work and a twentieth more, the work left out, and a kernel that nobody counted.
        assert regressions({"forward": again + again // 20}, {"forward": once})
        assert not regressions({"forward": again}, {"forward": once})
        assert not regressions({"forward": again // 2}, {"forward": once})
        assert regressions({"forward": again}, {})
        # The same machine has the same setting, one with other caches has not, and a file without a setting neither.
        here = setting()
        assert not changes(here, here)
        assert changes(here | {"caches": "L1 32K"}, here) and changes({}, here)
        # Work that really is more: training in place of firing.
        assert regressions({"forward": count(binary, "credit-step")}, {"forward": once})
        print(f"forward takes {once:,} and again {again:,} instructions; five per cent more are found")
        return 0
    kernels = options.kernels or list(KERNELS)
    found = {}
    for kernel in kernels:
        found[kernel] = count(binary, kernel)
        before = committed["instructions"].get(kernel)
        change = f"{found[kernel] / before - 1:+.2%}" if before else "new"
        print(f"{kernel:18} {found[kernel]:>14,}  {change}", flush=True)
    here = setting()
    if options.accept:
        # What was counted under another setting is no measure of this one.
        before = {} if changes(committed["setting"], here) else committed["instructions"]
        counts = {"setting": here, "instructions": before | found}
        FILE.write_text(json.dumps(counts, indent=1) + "\n")
        return 0
    lines = regressions(found, committed["instructions"])
    print("\n".join(lines))
    changed = changes(committed["setting"], here)
    if changed:
        print("counted under another setting, so nothing is concluded; --accept counts under this one:\n" + "\n".join(changed))
        return 3
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
