#!/usr/bin/env python3
"""How the instructions of a ModProp step grow with N, C, S and T, against the exponents in the table of costs.

    python3 benches/callgrind/growth.py              fails if a last doubling does not round to the exponent of the table
    python3 benches/callgrind/growth.py taps         the rows whose name contains this
    python3 benches/callgrind/growth.py --self-test  shows that it can fail

The rows are those of benches/temporal.rs, whose seconds also show where the state of the synapses outgrows a cache. Counts are per
step: the difference of two runs, so that neither the start nor the memory that is taken beforehand is in them.
"""

import math
import subprocess
import sys

import run


def rows(binary):
    listed = subprocess.run([binary, "rows"], capture_output=True, text=True, check=True).stdout
    for index, line in enumerate(listed.splitlines()):
        what, table, sizes = line.split("|")
        yield index, what, int(table), sizes.split()


def count(binary, row, size):
    few, many = 1, 3
    return (run.instructions(binary, row, size, many) - run.instructions(binary, row, size, few)) // (many - few)


def doubling(counts):
    return math.log2(counts[-1] / counts[-2])


def agrees(counts, table):
    return round(doubling(counts)) == table


def main():
    if sys.argv[1:] == ["--self-test"]:
        quadratic, cubic = [n * n + 10 * n for n in (100, 200)], [n**3 for n in (100, 200)]
        assert agrees(quadratic, 2) and not agrees(cubic, 2) and not agrees(quadratic, 1)
        print("growth by another exponent is found")
        return 0
    binary = run.build("temporal")
    print("| what grows | sizes | million instructions a step | exponent of the last doubling | in the table |\n|---|---|---|---|---|")
    wrong = []
    wanted = sys.argv[1] if sys.argv[1:] else ""
    for row, what, table, sizes in rows(binary):
        if wanted not in what:
            continue
        counts = [count(binary, str(row), size) for size in sizes]
        shown = ", ".join(f"{counted / 1e6:,.2f}" for counted in counts)
        print(f"| {what} | {', '.join(sizes)} | {shown} | {doubling(counts):.2f} | {table} |", flush=True)
        if not agrees(counts, table):
            wrong.append(what)
    print("\n".join(f"not as the table says: {what}" for what in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
