"""`make -C proofs`: one line for each gate, then `N passed, N failed`.

python3 gates [GATE ..]    run these gates, or all
python3 gates --checker    compile what proofs/accept needs for layered networks
python3 gates --accept     write theories/Audit.v and audit.expected anew
python3 gates --selftest   break what each gate guards, in a copy, and see it refuse
V=1 in the environment shows the whole output of Coq."""

import os
import pathlib
import sys
import time
import traceback

import audit
import build
import certificates
import coverage
import examples
import hostile
import kernel
import lint
import preflight
import readme
import recheck
import selftest
from project import Failed, Project

GATES = {"compile": build.run, "lint": lint.run, "audit": audit.run, "coverage": coverage.run,
         "readme": readme.run, "coqchk": recheck.run, "examples": examples.run, "certificates": certificates.run,
         "forged": hostile.run}

# How long each takes from nothing, on two cores that do little else.
EXPECTED = {"compile": "2 min", "lint": "1 s", "audit": "1 min", "coverage": "1 s", "readme": "1 s", "coqchk": "3 min",
            "examples": "20 s", "certificates": "2 min", "forged": "1 min"}


def gates(project, names):
    """Run the gates named, each to its end; the number that failed."""
    failed = 0
    for name in names:
        start = time.monotonic()
        print(f"{name:<13} ...     about {EXPECTED[name]}", flush=True)
        try:
            verdict, detail, output = "ok", GATES[name](project), ""
        except Failed as reason:
            verdict, detail, output = "FAILED", str(reason), reason.output
        except Exception as error:  # a gate that breaks has not passed, and the others still run
            verdict, detail, output = "FAILED", f"the gate itself broke: {error!r}", traceback.format_exc()
        failed += verdict != "ok"
        print(f"{name:<13} {verdict:<7} {time.monotonic() - start:5.1f} s  {detail}", flush=True)
        if output:
            lines = output.rstrip().splitlines()
            shown = lines if os.environ.get("V") == "1" else lines[:40]
            print("\n".join("    " + line for line in shown))
            if len(shown) < len(lines):
                print(f"    ... {len(lines) - len(shown)} lines more with V=1")
    return failed


def main(words):
    project = Project(pathlib.Path(__file__).resolve().parent.parent)
    if words == ["--selftest"]:
        return selftest.main(project)
    if words == ["--checker"]:
        try:
            preflight.coq(project)
            print(build.checker(project, kernel.QUESTIONS["a layered network"].libraries))
        except Failed as reason:
            print(f"the checker was not compiled: {reason}\n{reason.output}".rstrip(), file=sys.stderr)
            return 1
        return 0
    if words == ["--accept"]:
        try:
            audit.accept(project, build.run)
        except Failed as reason:
            print(f"nothing accepted: {reason}\n{reason.output}", file=sys.stderr)
            return 1
        return 0
    if unknown := [word for word in words if word not in GATES]:
        print(f"no gate {unknown[0]}; there are: {' '.join(GATES)}", file=sys.stderr)
        return 2
    names = words or list(GATES)
    try:
        print(preflight.run(project), flush=True)
    except Failed as reason:
        print(f"nothing was compiled: {reason}", file=sys.stderr)
        return 1
    failed = gates(project, names)
    print(f"{len(names) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
