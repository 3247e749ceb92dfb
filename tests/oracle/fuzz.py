#!/usr/bin/env python3
"""Gives the creditcheck binary changed inputs of every kind, and looks at how it ends.

    fuzz.py --binary target/release/creditcheck --count 100000 --seed 7 --findings DIR
    fuzz.py --binary target/release/creditcheck --seed 7 --only 4711 --findings DIR     one run again
    fuzz.py --self-test                                                    would it notice? needs no binary

A campaign, run by hand. Each run takes a command and files that are valid together, changes one of the
files (bytes, tokens, or the structure of its JSON; of tensors the header, its length or the data) or the
options, and runs the program on them in a folder of its own. A finding is a panic, an end by a signal, an exit
status other than 0 to 3, no end within --seconds of CPU (or ten times that by the clock), or output that is not UTF-8 or holds control or bidirectional
characters other than the newline. Findings of one kind, command and place are counted together; the first is written
to DIR with its inputs and command line. Run k depends on the seed and k alone, however many processes share the work.
Exit 0 if nothing was found, 1 otherwise.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pool

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
LARGEST_INPUT = 64 << 10
LARGE_SECONDS = 60
MEMORY_BYTES = 6 << 30
STATUSES = {0, 1, 2, 3}
# C0 but for the newline, DEL, C1, marks and overrides of direction, separators of lines.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
NASTY = ["1/0", "-0", "0/5", "1e400", "-1e-400", "1e999999999", "0x1p-1074", "NaN", "inf", "9" * 400, "1/" + "7" * 300,
         "1/3", "-7/2", "", " 1", "+1", "1_000", "½", "\x1b[2J\x1b[31mred", "a\nagree", "\u202eeerga", "\u0085", "a" * 5000,
         "../../etc/hostname", "/dev/zero", "/dev/stdin", ".", "net.safetensors", "identity", "tanh", "relu", "mean", "none"]
NUMBERS = [0, 1, -1, 2, 3, 7, 255, 65536, 2**31, 2**32, 2**53, 2**63, 2**64, -2**63, 10**30, 0.5, -0.0, 1e308, 1e-320]
OPTIONS = [["--format", "json"], ["--format", "text"], ["--quiet"], ["--seed", "0"], ["--seed", "18446744073709551615"],
           ["--max-bits", "1"], ["--max-bits", "64"], ["--max-bits", "100000000"], ["-o", "out.json"], ["-o", "out.txt"], ["-o", "case.json"],
           ["-o", "no/where/out"], ["--number", "exact"], ["--number", "f64"], ["--number", "f32"], ["--quantity", "update"],
           *(["--rule", rule] for rule in ("credit", "backprop", "tangent", "feedback_alignment", "bptt", "rtrl", "factorised-rtrl", "eprop", "mdgl", "modprop")),
           ["--mu", "1/2"], ["--mu", "1/0"], ["--mu", "1,2,3"], ["--taps", "all"], ["--taps", "0"], ["--taps", "99999999999"],
           ["--feedback", "type"], ["--diagonal", "excluded"], ["--form", "autodiff"], ["--activation", "tanh"], ["--scale", "1/3"],
           ["--scale=-7/3"], ["--arithmetic", "f16"], ["--arithmetic", "bf16"], ["--svg", "out.svg"], ["--files", "."],
           ["--coq", "coq"], ["--allow-unchecked"], ["--allow-outside"], ["--max-work", "1"], ["--max-work", "1000000"]]


# ------------------------------------------------------------------ what is changed


def change_bytes(data, rng):
    """A few bytes flipped, cut, put in or doubled."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        length = rng.choice([1, 1, 2, 8, 64])
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = rng.choice([b"\x00", b"\xff", b"\x1b[2J", b"\xe2\x80\xae", b"\r\n", b'"', b"{", b"]", b",", b"1e9", b"\xef\xbb\xbf"])
        elif kind == 3:
            data[at:at] = data[at : at + length]
        elif kind == 4:
            del data[at:]
        else:
            data[at : at + length] = bytes(rng.randrange(256) for _ in range(length))
    return bytes(data)


def places(node, found=None, path=()):
    """Paths of all members of a document."""
    found = [] if found is None else found
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in members:
        found.append((*path, key))
        places(inner, found, (*path, key))
    return found


def holder(document, path):
    for key in path[:-1]:
        document = document[key]
    return document, path[-1]


def strange(rng, old):
    """A value in the place of another."""
    kind = rng.randrange(9)
    if kind <= 1:
        return rng.choice(NASTY)
    if kind == 2:
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice([None, True, [], {}, [[]], {"": 0}])
    if kind == 4:
        return [old] * rng.choice([1, 2, 3, 300])
    if kind == 5:
        value = old
        for _ in range(rng.choice([1, 5, 300])):
            value = [value]
        return value
    if kind == 6 and isinstance(old, str):
        return rng.choice([old + old, old[:-1], "-" + old, old + "/3", old.upper(), old + "\x07"])
    if kind == 7 and isinstance(old, (int, float)) and not isinstance(old, bool):
        return rng.choice([old + 1, -old, old * 1000, old / 3, str(old)])
    if kind == 8 and isinstance(old, list):
        return rng.choice([old[::-1], old[1:], old + old, old[:1]])
    return rng.choice(NASTY)


def change_json(data, rng):
    """One to three members changed, removed, doubled, renamed or exchanged."""
    try:
        document = json.loads(data)
    except ValueError:
        return change_bytes(data, rng)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        found = places(document)
        if not found:
            break
        inner, key = holder(document, rng.choice(found))
        kind = rng.randrange(6)
        if kind <= 2:
            inner[key] = strange(rng, inner[key])
        elif kind == 3:
            del inner[key]
        elif kind == 4:
            other, other_key = holder(document, rng.choice(found))
            inner[key] = json.loads(json.dumps(other[other_key]))
        elif isinstance(inner, dict):
            inner[rng.choice([*NASTY, str(key) + " ", str(key).upper()])] = inner.pop(key)
        else:
            inner.insert(rng.randrange(len(inner) + 1), inner[key])
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def change_tensors(data, rng):
    """The header as JSON, its length, or the numbers."""
    kind = rng.randrange(4)
    if kind == 0 or len(data) < 16:
        return change_bytes(data, rng)
    length = struct.unpack("<Q", data[:8])[0]
    if kind == 1:
        length = rng.choice([0, 1, length - 1, length + 1, len(data), 2**32, 2**63, 2**64 - 1])
        return struct.pack("<Q", length % 2**64) + data[8:]
    if kind == 2:
        header = change_json(data[8 : 8 + length], rng)
        return struct.pack("<Q", len(header)) + header + data[8 + length :]
    numbers = bytearray(data[8 + length :])
    for _ in range(rng.choice([1, 4, 64])):
        if numbers:
            at = rng.randrange(len(numbers))
            numbers[at : at + 4] = rng.choice([b"\0\0\x80\x7f", b"\0\0\xc0\x7f", b"\xff\xff\x7f\x7f", b"\1\0\0\0", b"\0\0\0\x80"])[: len(numbers) - at]
    return data[: 8 + length] + bytes(numbers)


def change(name, data, rng):
    if name.endswith(".json"):
        return change_json(data, rng) if rng.random() < 0.7 else change_bytes(data, rng)
    if name.endswith(".safetensors"):
        return change_tensors(data, rng)
    return change_bytes(data, rng)


# ------------------------------------------------------------------ valid inputs


def valid(binary, folder):
    """Commands with the files they read, all of them valid: [(words, {name: bytes})]."""
    found = []
    tensors = {path.name: path.read_bytes() for path in sorted((FIXTURES / "tensors").glob("*")) if path.suffix in (".npy", ".safetensors")}
    cases = [path for path in sorted((FIXTURES / "cases").glob("*.json")) if path.stat().st_size <= LARGEST_INPUT]
    cases += sorted((FIXTURES / "refused").glob("*.json"))
    for path in cases:
        files = {"case.json": path.read_bytes()}
        made = folder / "mine.json"
        made.unlink(missing_ok=True)
        subprocess.run([binary, "gradient", str(path), "-o", str(made), "--quiet"], capture_output=True, timeout=60)
        found.append((["gradient", "case.json"], files))
        found.append((["show", "case.json"], files))
        found.append((["compare" if path.name.startswith("temporal") else "certify", "case.json"], files))
        if made.exists():
            found.append((["check", "case.json", "mine.json"], {**files, "mine.json": made.read_bytes()}))
    worked = {"case.json": (FIXTURES / "tensors/worked-example.json").read_bytes(), **tensors}
    found += [([command, "case.json"], worked) for command in ("gradient", "certify", "show")]
    digits = {path.name: path.read_bytes() for path in (FIXTURES / "audit/digits-64-32-10").iterdir() if path.stat().st_size <= LARGEST_INPUT}
    for mine in ("torch", "jax", "torch-f64", "torch-bf16", "rounded-bf16"):
        files = {name: digits[name] for name in ("net.safetensors", "data.safetensors")}
        found.append((["audit", "net.safetensors", "data.safetensors", "mine.safetensors"],
                      {**files, "mine.safetensors": digits[f"{mine}.safetensors"]}))
    certificates = [path for folder in ("certificates", "forgeries") for path in sorted((FIXTURES / folder).glob("*.json"))]
    for path in certificates:
        if path.stat().st_size <= LARGEST_INPUT:
            found.append((["verify", "certificate.json"], {"certificate.json": path.read_bytes()}))
    large = folder / "large.json"
    command = [binary, "certify", str(FIXTURES / "audit/digits-64-32-10/case.json"), "-o", str(large), "--quiet"]
    try:
        subprocess.run(command, capture_output=True, timeout=LARGE_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"no large certificate among the inputs: it was not written within {LARGE_SECONDS} s (a debug build?)")
    if large.exists():
        files = {name: digits[name] for name in ("case.json", "net.safetensors", "data.safetensors")}
        found.append((["verify", "certificate.json", "--files", "."], {**files, "certificate.json": large.read_bytes()}))
    return found


def chosen(inputs, seed, number):
    """Command line and files of one run."""
    rng = random.Random(f"{seed}/{number}")
    # Commands in turn, so that the many cases do not crowd out the rest.
    kinds = sorted({words[0] for words, _ in inputs})
    kind = kinds[number % len(kinds)]
    words, files = rng.choice([one for one in inputs if one[0][0] == kind])
    words, files = list(words), dict(files)
    if rng.random() < 0.9:
        name = rng.choice(sorted(files))
        files[name] = change(name, files[name], rng)
    if rng.random() < 0.35:
        for _ in range(rng.choice([1, 1, 2])):
            words += rng.choice(OPTIONS)
    return words, files


# ------------------------------------------------------------------ what is looked at


def looked_at(status, timed_out, out, err):
    """Kinds of findings in one answer, each with its place: [(kind, place)]."""
    found = []
    text = (out + b"\n" + err).decode("utf-8", "replace")
    if timed_out:
        found.append(("no end", ""))
    elif status < 0:
        found.append((f"signal {-status}", first(err)))
    elif status not in STATUSES:
        found.append((f"exit {status}", first(err)))
    if panic := re.search(r"panicked at ([^\n]*)", text):
        found.append(("panic", panic.group(1)))
    for name, stream in (("stdout", out), ("stderr", err)):
        try:
            shown = stream.decode("utf-8")
        except UnicodeDecodeError:
            found.append((f"{name} not UTF-8", ""))
            continue
        if control := CONTROL.search(shown):
            found.append((f"{name} holds U+{ord(control.group()):04X}", re.sub(r"[^A-Za-z: ]+", "#", shown[max(0, control.start() - 40) : control.start()])))
    return found


def first(err):
    return re.sub(r"\d+", "#", err.decode("utf-8", "replace").strip().split("\n")[0])[:100]


def restrain(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(binary, words, folder, seconds):
    """Exit status, whether it had to be ended, output, seconds by the clock and of CPU, KiB of memory."""
    start = time.monotonic()
    with open(folder / ".stdout", "w+b") as out, open(folder / ".stderr", "w+b") as err:
        child = subprocess.Popen([binary, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=lambda: restrain(seconds))
        timed_out = False
        while True:
            pid, raw, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if not timed_out and time.monotonic() - start > 10 * seconds:
                timed_out = True
                child.send_signal(signal.SIGKILL)
            time.sleep(0.002)
        child.returncode = status = os.waitstatus_to_exitcode(raw)
        timed_out = timed_out or status == -signal.SIGXCPU
        out.seek(0)
        err.seek(0)
        return status, timed_out, out.read(), err.read(), time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss


def one(job):
    """What came of one run."""
    number = job
    words, files = chosen(SHARED.inputs, SHARED.seed, number)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        status, timed_out, out, err, clock, cpu, memory = answer(SHARED.binary, words, folder, SHARED.seconds)
    found = looked_at(status, timed_out, out, err)
    if found:
        keep(number, words, files, out, err)
    return number, words, status, found, clock, cpu, memory, len(out) + len(err)


def keep(number, words, files, out, err):
    """The inputs of a finding; those of which there are enough are removed again by the caller."""
    folder = SHARED.findings / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "command").write_text(json.dumps(["creditcheck", *words]) + "\n")
    (folder / "stdout").write_bytes(out[:100_000])
    (folder / "stderr").write_bytes(err[:100_000])


class SHARED:
    """What every process knows."""


def set_up(binary, inputs, seed, seconds, findings):
    SHARED.binary, SHARED.inputs, SHARED.seed, SHARED.seconds, SHARED.findings = binary, inputs, seed, seconds, findings


def campaign(arguments):
    binary = str(pathlib.Path(arguments.binary).resolve())
    findings = pathlib.Path(arguments.findings).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        inputs = valid(binary, pathlib.Path(scratch))
    kinds = {words[0] for words, _ in inputs}
    if kinds != {"audit", "certify", "check", "compare", "gradient", "show", "verify"}:
        sys.exit(f"valid inputs only for {' '.join(sorted(kinds))}")
    numbers = [arguments.only] if arguments.only is not None else range(arguments.first, arguments.first + arguments.count)
    seen, statuses, runs = collections.OrderedDict(), collections.Counter(), collections.Counter()
    slowest, largest, longest = (0, None), (0, None), (0, None)
    with Pool(arguments.jobs, set_up, (binary, inputs, arguments.seed, arguments.seconds, findings)) as pool:
        for number, words, status, found, clock, cpu, memory, size in pool.imap_unordered(one, numbers, chunksize=8):
            runs[words[0]] += 1
            statuses[status] += 1
            slowest = max(slowest, (cpu, number), key=lambda pair: pair[0])
            largest = max(largest, (memory, number), key=lambda pair: pair[0])
            longest = max(longest, (size, number), key=lambda pair: pair[0])
            fresh = [(words[0], *what) for what in found if (words[0], *what) not in seen]
            for what in found:
                seen.setdefault((words[0], *what), []).append(number)
            if found and not fresh:
                shutil.rmtree(findings / str(number), ignore_errors=True)
            for what in fresh:
                print(f"run {number}: {' '.join(what[1:])} ({what[0]}, {clock:.1f} s)", flush=True)
    total = sum(runs.values())
    print(f"{total} runs of seed {arguments.seed}: {', '.join(f'{kind} {count}' for kind, count in sorted(runs.items()))}")
    print(f"exits: {', '.join(f'{status}: {count}' for status, count in sorted(statuses.items()))}")
    print(f"slowest: run {slowest[1]}, {slowest[0]:.2f} s of CPU; most memory: run {largest[1]}, {largest[0] / 1024:.0f} MiB; "
          f"longest answer: run {longest[1]}, {longest[0]} bytes")
    for what, where in seen.items():
        print(f"found {len(where)} times: {' | '.join(what)} (first run {where[0]})")
    print(f"{len(seen)} findings")
    return int(bool(seen) or not total)


# ------------------------------------------------------------------ would it notice?


def self_test():
    """A program that misbehaves on demand: every kind of misbehaviour is a finding, good behaviour none."""
    script = "import os,sys\n{}\n"
    cases = [("print('agree'); sys.exit(1)", None), ("sys.exit(4)", "exit 4"), ("sys.exit(101)", "exit 101"), ("os.abort()", "signal 6"),
             ("import time; time.sleep(60)", "no end"), ("while True: pass", "no end"), ("sys.stderr.write('thread main panicked at a.rs:1\\n'); sys.exit(2)", "panic"),
             ("print('\\x1b[2J')", "stdout holds U+001B"), ("sys.stderr.write('a\\tb')", "stderr holds U+0009"), ("print('\\u202e')", "stdout holds U+202E"),
             ("sys.stdout.buffer.write(b'\\xff')", "stdout not UTF-8"), ("print('line\\nline')", None)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for body, expected in cases:
            (folder / "program.py").write_text(script.format(body))
            status, timed_out, out, err, *_ = answer(sys.executable, ["-X", "utf8", "program.py"], folder, 2)
            kinds = [kind for kind, _ in looked_at(status, timed_out, out, err)]
            good = kinds == ([] if expected is None else [expected])
            failed += not good
            print(f"{'ok' if good else 'FAILED':<7}{body}: {kinds}")
    rng = random.Random(7)
    document = json.dumps({"format": "a", "numbers": ["1", "2/3"], "inner": {"x": [1, 2, 3]}}).encode()
    tensors = struct.pack("<Q", len(document)) + document + b"\0" * 64
    for name, data in (("a.json", document), ("a.safetensors", tensors), ("a.npy", tensors)):
        changed = {change(name, data, rng) for _ in range(500)} - {data}
        good = len(changed) > 200
        failed += not good
        print(f"{'ok' if good else 'FAILED':<7}{name}: {len(changed)} different changes of 500")
    print(f"{failed} failed")
    return int(failed > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/creditcheck")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument("--only", type=int, help="this run alone")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=20, help="of CPU, for one run")
    parser.add_argument("--findings", default="target/fuzz")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    return self_test() if arguments.self_test else campaign(arguments)


if __name__ == "__main__":
    sys.exit(main())
