#!/usr/bin/env python3
"""Writes or checks fixtures/MANIFEST.sha256, the digests of every file under fixtures but itself.

    manifest.py --write     after a fixture was changed on purpose
    manifest.py --check     exit 1, and which files, if anything differs

The format is that of sha256sum, so `sha256sum -c MANIFEST.sha256` works too.
"""

import argparse
import hashlib
import pathlib
import sys

FIXTURES = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"
MANIFEST = FIXTURES / "MANIFEST.sha256"


def digests():
    """File name within fixtures -> digest, in the order of the names."""
    files = sorted(path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*")
                   if path.is_file() and path != MANIFEST)
    return {name: hashlib.sha256((FIXTURES / name).read_bytes()).hexdigest() for name in files}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true")
    choice.add_argument("--check", action="store_true")
    found = digests()
    if parser.parse_args().write:
        MANIFEST.write_text("".join(f"{digest}  {name}\n" for name, digest in found.items()), encoding="utf-8")
        print(f"{len(found)} files written to {MANIFEST.name}")
        return 0
    lines = MANIFEST.read_text(encoding="utf-8").splitlines() if MANIFEST.exists() else []
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    wrong = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
    for name in wrong:
        print(f"{name}: {'changed' if name in found and name in listed else 'not listed' if name in found else 'missing'}")
    if wrong:
        print("if this was on purpose: python3 tests/oracle/manifest.py --write")
    print(f"manifest: {len(found.keys() - set(wrong))} passed, {len(wrong)} failed")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
