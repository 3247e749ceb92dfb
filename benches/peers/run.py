#!/usr/bin/env python3
"""Times our steps against those of PyTorch, JAX and LAPACK, in turn, and holds the ratios to what is promised.

    python3 benches/peers/run.py                 makes target/peers/venv and installs requirements.txt into it
    python3 benches/peers/run.py --python PATH   uses an interpreter that has them
    python3 benches/peers/run.py --only solve    rows whose name contains this
    python3 benches/peers/run.py --self-test     a promise that cannot be kept is missed, and a wrong gradient found

Both sides run on the same core with one thread each, A B A B ..., and stay alive in between. A time is that of so many steps
that they take SECONDS; a ratio is that of the medians of all rounds; the range is that of the single rounds. A ratio counts only if both
gradients agreed in this run: with ours in f64, entry by entry, within the sum of the two computed rounding bounds. Without
AVX-512 the ratios are reported, and none is held to its promise. Exit status: 0, or 1 if a promise is missed, or 2 if a gradient disagrees.
"""

import argparse
import hashlib
import json
import math
import os
import platform
import statistics
import struct
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "peers"
# The kinds of work that `worker.py` does; all others are ours.
THEIRS = ("torch", "jax", "torch-bptt", "jax-bptt", "dgesv", "scipy")


class Side:
    """A process that answers one line with one line."""

    def __init__(self, name, command, core):
        # Preset numbers of threads slow numpy here, and would flatter us.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_", "MKL_", "XLA_", "GOTO_"))}
        pin = (lambda: os.sched_setaffinity(0, {core})) if hasattr(os, "sched_setaffinity") else None
        pipe = subprocess.PIPE
        self.name = name
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=clean, preexec_fn=pin, cwd=ROOT)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"{self.name} stopped at: {line}")
        if answer.startswith("unknown"):
            raise LookupError(answer)
        return answer

    def time(self, key, count):
        return float(self.ask(f"time {key} {count}")) / count


class Row:
    """A ratio of the times of pieces of work, and the promise about it."""

    def __init__(self, name, keys, ratio, sense, promise, agree=()):
        self.name, self.keys, self.ratio, self.sense, self.promise, self.agree = name, keys, ratio, sense, promise, agree

    def keeps(self, ratio):
        return ratio >= self.promise if self.sense == ">=" else ratio <= self.promise


def first_over_second(times):
    return times[0] / times[1]


def over_the_faster(times):
    return times[0] / min(times[1:])


def overhead(times):
    return (times[0] - times[1]) / times[1]


def promises():
    shapes = {"large": "784-1024-1024-10, batch 256", "medium": "784-128-64-10, batch 32", "small": "64-64-64-10, batch 32"}
    for net, promise in [("large", 1.0), ("medium", 2.0), ("small", 5.0)]:
        for dtype in ("f32", "f64"):
            agree = [("torch", net, dtype)]
            keys = [f"torch/{net}/{dtype}", f"bp/{net}/{dtype}"]
            yield Row(f"torch step / ours, {shapes[net]}, {dtype}", keys, first_over_second, ">=", promise, agree)
    for dtype, promise in [("f32", 1.0), ("f64", 1.4)]:
        keys = [f"jax/large/{dtype}", f"bp/large/{dtype}"]
        yield Row(f"jax step / ours, {shapes['large']}, {dtype}", keys, first_over_second, ">=", promise, [("jax", "large", dtype)])
    for dtype in ("f32", "f64"):
        keys = [f"bp/large/{dtype}", f"gemms-faer/large/{dtype}", f"gemms-gemm/large/{dtype}", f"gemms-own/large/{dtype}"]
        yield Row(f"BP step / its products by the faster library, large, {dtype}", keys, over_the_faster, "<=", 1.05)
    for dtype in ("f32", "f64"):
        keys = [f"credit/large/{dtype}", f"bp/large/{dtype}"]
        yield Row(f"credit step / BP step, large, {dtype}", keys, first_over_second, "<=", 1.05)
    for library in ("torch", "jax"):
        for dtype in ("f32", "f64"):
            keys = [f"{library}-bptt/256-100@32/{dtype}", f"bptt/256-100@32/{dtype}"]
            agree = [(f"{library}-bptt", "256-100@32", dtype)]
            yield Row(f"{library} BPTT step / ours, N = 256, T = 100, B = 32, {dtype}", keys, first_over_second, ">=", 1.0, agree)
    for n in (500, 1000, 2000):
        keys = [f"solve/{n}", f"dgesv/{n}"]
        yield Row(f"recurrent credit solve / LAPACK dgesv, n = {n}", keys, first_over_second, "<=", 1.0, [("dgesv", n)])
    for n in (500, 1000, 2000):
        # Ours builds I − Wᵀ diag β and refines the credit; scipy gets the matrix ready made, and estimates its condition.
        keys = [f"recurrent-credit/{n}", f"scipy/{n}"]
        yield Row(f"recurrent credit, refined / scipy.linalg.solve, n = {n}", keys, first_over_second, "<=", 1.0, [("scipy", n)])
    for shape in ("1024/784/256", "1024/1024/256", "1024/256/1024"):
        keys = [f"product-mod/{shape}", f"product/{shape}"]
        yield Row(f"product mod p / f64 product, m/k/n = {shape}", keys, first_over_second, "<=", 1.1)
    for rule in ("bp", "credit"):
        keys = [f"{rule}-mod/large", f"{rule}/large/f64"]
        yield Row(f"modular {rule} step / f64 step, per prime, large", keys, first_over_second, "<=", 1.25)
    for rule in ("bp", "credit"):
        keys = [f"{rule}-mod/large", f"{rule}-mod-unchecked/large"]
        yield Row(f"Freivalds' check of every product / modular {rule} step, large", keys, overhead, "<=", 0.10)
    keys = ["identity/large", "bp/large/f64"]
    yield Row("identity of both rules to 2^-100, 1.86M parameters / f64 step", keys, first_over_second, "<=", 20)
    keys = ["integers/medium", "exact/medium"]
    yield Row("scaled big integers / exact gradient by residues, medium", keys, first_over_second, ">=", 25)
    keys = ["rationals/medium", "exact/medium"]
    # One example of 32 is timed: all of them take at least 32 times as long.
    extrapolated = lambda times: 32 * times[0] / times[1]  # noqa: E731
    yield Row("fractions in lowest terms (32 x one example) / exact gradient", keys, extrapolated, ">=", 1000)


def shares():
    """Each product of the step on the large network, alone, as a share of the step."""
    for dtype in ("f32", "f64"):
        for layer in (1, 2, 3):
            for part in ("forward", "back", "update"):
                if (part, layer) != ("back", 1):
                    keys = [f"part/large/{dtype}/{part}/{layer}", f"bp/large/{dtype}"]
                    yield Row(f"{part} {layer} / BP step, large, {dtype}", keys, first_over_second, "<=", 1)


def growth():
    """The f64 step as one thing grows and the rest stays, as a multiple of the first."""
    families = {
        "width": [f"{n}-{n}-{n}-10@64" for n in (64, 128, 256, 512, 1024)],
        "depth": ["-".join(["256"] * (hidden + 1)) + "-10@64" for hidden in (1, 2, 4, 8, 16)],
        "batch": [f"256-256-256-10@{batch}" for batch in (1, 8, 32, 128, 512)],
    }
    for family, nets in families.items():
        for net in nets[1:]:
            keys = [f"bp/{net}/f64", f"bp/{nets[0]}/f64"]
            yield Row(f"{family}: {net} / {nets[0]}", keys, first_over_second, "<=", math.inf)
    for net in ("large", "medium"):
        yield Row(f"f64 / f32 step, {net}", [f"bp/{net}/f64", f"bp/{net}/f32"], first_over_second, "<=", math.inf)


def interpreter(given):
    """One with the packages of requirements.txt."""
    if given:
        return given
    folder, requirements = WORK / "venv", HERE / "requirements.txt"
    python = folder / "bin" / "python"
    stamp, digest = folder / "installed", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"installing {requirements.relative_to(ROOT)} into {folder.relative_to(ROOT)}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        stamp.write_text(digest)
    return str(python)


def build():
    """Our side in release; cargo says where."""
    command = ["cargo", "bench", "--package", "creditcheck-benches", "--bench", "peers", "--no-run", "--message-format=json-render-diagnostics"]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in found.splitlines())
    return [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "peers"][-1]


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions():
    """Of the libraries that our side multiplies with."""
    lock = (ROOT / "Cargo.lock").read_text().split("[[package]]")
    found = {}
    for package in lock:
        fields = dict(line.split(" = ", 1) for line in package.strip().splitlines() if " = " in line)
        if fields.get("name") in ('"faer"', '"gemm"', '"num-bigint"'):
            found[json.loads(fields["name"])] = json.loads(fields["version"])
    return found


class Agreement:
    """The worst error of each gradient as a share of its bound, once a run."""

    def __init__(self, ours, peer):
        self.ours, self.peer, self.known, self.exported = ours, peer, {}, set()

    def export(self, what, folder):
        if folder not in self.exported:
            self.ours.ask(f"{what} {WORK / 'data' / folder}")
            self.exported.add(folder)

    def of(self, what):
        if what not in self.known:
            if what[0] in ("dgesv", "scipy"):
                self.export(f"system {what[1]}", f"system-{what[1]}")
                self.peer.ask(f"solution {what[0]} {what[1]} {WORK / 'found'}")
                share = self.ours.ask(f"agree-solve {what[1]} {WORK / 'found'}")
            elif what[0].endswith("-bptt"):
                library, net, dtype = what
                self.export(f"export-temporal {net}", net)
                self.peer.ask(f"gradient {library}/{net}/{dtype} {WORK / 'found'}")
                share = self.ours.ask(f"agree-temporal {net} {dtype} {WORK / 'found'}")
            else:
                library, net, dtype = what
                self.export(f"export {net}", net)
                self.peer.ask(f"gradient {library}/{net}/{dtype} {WORK / 'found'}")
                share = self.ours.ask(f"agree {net} {dtype} {WORK / 'found'}")
            self.known[what] = float(share)
        return self.known[what]


def measure(row, ours, peer, rounds, seconds):
    """The times of every piece of work, by rounds."""
    sides = [peer if key.split("/")[0] in THEIRS else ours for key in row.keys]
    counts = []
    for side, key in zip(sides, row.keys):
        # The first call may compile.
        side.time(key, 1)
        once = side.time(key, 1)
        if once < seconds:
            once = side.time(key, max(1, math.ceil(seconds / 8 / once)))
        counts.append(max(1, math.ceil(seconds / once)))
    return [[side.time(key, count) for side, key, count in zip(sides, row.keys, counts)] for _ in range(rounds)]


def shown(value):
    return f"{value:.3f}" if value < 10 else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


TABLES = {"promises": promises, "shares": shares, "growth": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", help="an interpreter that has the packages of requirements.txt")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each side in each round")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--core", type=int, help="the core that both sides run on")
    parser.add_argument("--table", choices=TABLES, default="promises", help="promises, shares of the step, growth of the step")
    parser.add_argument("--no-gate", action="store_true", help="report only")
    parser.add_argument("--self-test", action="store_true", help="show that a missed promise and a wrong gradient are found")
    options = parser.parse_args()
    if options.rounds < 5:
        parser.error("a median of fewer than five rounds is no result")
    WORK.mkdir(parents=True, exist_ok=True)
    core = options.core
    if core is None:
        core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    python, binary = interpreter(options.python), build()
    ours = Side("our side", [binary, "serve"], core)
    peer = Side("the peers' side", [python, str(HERE / "worker.py"), str(WORK / "data"), str(core)], core)
    if options.self_test:
        return self_test(ours, peer)
    about, peers = ours.ask("about"), json.loads(peer.ask("about"))
    gated = "avx512f" in about and not options.no_gate
    libraries = ", ".join(f"{name} {version}" for name, version in (versions() | peers).items())
    print(f"processor: {processor()}, {os.cpu_count()} cores; both sides on core {core}, one thread each")
    print(f"ours: {about}\nversions: {libraries}")
    print(f"{options.rounds} rounds of {options.seconds} s a side, in turn; {'promises are held' if gated else 'reported, not gated'}\n")
    print("| row | ratio | range | promise | kept | worst error / bound |\n|---|---|---|---|---|---|", flush=True)
    agreement, missed, wrong, results = Agreement(ours, peer), [], [], []
    for row in TABLES[options.table]():
        if options.only not in row.name:
            continue
        try:
            shares = [agreement.of(what) for what in row.agree]
            times = measure(row, ours, peer, options.rounds, options.seconds)
        except LookupError as unknown:
            print(f"| {row.name} | not in this build ({unknown}) | | {row.sense} {row.promise} | no | |", flush=True)
            missed.append(row.name)
            continue
        finally:
            ours.ask("drop")
            peer.ask("drop")
        single = [row.ratio(round) for round in times]
        ratio = row.ratio([statistics.median(side) for side in zip(*times)])
        agrees = all(share <= 1 for share in shares)
        if not agrees:
            wrong.append(row.name)
        if not row.keeps(ratio):
            missed.append(row.name)
        kept = "does not count" if not agrees else "yes" if row.keeps(ratio) else "no"
        worst = f"{max(shares):.1e}" if shares else ""
        cells = [row.name, shown(ratio), f"{shown(min(single))} - {shown(max(single))}", f"{row.sense} {row.promise}", kept, worst]
        print("| " + " | ".join(cells) + " |", flush=True)
        results.append({"row": row.name, "keys": row.keys, "ratio": ratio, "times": times, "shares": shares})
    (WORK / "results.json").write_text(json.dumps({"about": about, "versions": libraries, "rows": results}, indent=1) + "\n")
    if not results and not missed:
        sys.exit(f"no row contains {options.only!r}")
    for name in wrong:
        print(f"disagrees: {name}")
    for name in missed:
        print(f"missed: {name}")
    return 2 if wrong else 1 if missed and gated else 0


def self_test(ours, peer):
    """What must fail, fails."""
    never = Row("a step in no time", ["bp/small/f64", "credit/small/f64"], first_over_second, "<=", 0.0)
    times = measure(never, ours, peer, 5, 0.02)
    assert not never.keeps(never.ratio([statistics.median(side) for side in zip(*times)]))
    agreement = Agreement(ours, peer)
    found = WORK / "found"
    for dtype, planted in [("f32", 1e-2), ("f64", 1e-6)]:
        assert agreement.of(("torch", "small", dtype)) <= 1
        assert agreement.of(("jax", "small", dtype)) <= 1
        # The largest entry, slightly too large; eight bytes each, little-endian.
        numbers = memoryview(found.read_bytes()).cast("d").tolist()
        at = max(range(len(numbers)), key=lambda k: abs(numbers[k]))
        numbers[at] *= 1 + planted
        found.write_bytes(b"".join(struct.pack("<d", number) for number in numbers))
        share = float(ours.ask(f"agree small {dtype} {found}"))
        assert share > 1, f"a planted error of {planted} in {dtype} is {share} of the bound"
        print(f"{dtype}: an entry wrong by {planted} is {share:.3g} times what rounding explains")
    print("a promise that cannot be kept is missed, and a planted error is found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
