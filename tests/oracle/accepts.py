#!/usr/bin/env python3
"""What the README shows of `proofs/accept` is what it prints, of the certificate of the worked example. Needs Coq.

    accepts.py              exit 1, and both texts, if they differ
    accepts.py --self-test  a README with one word changed is refused
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MARK = "<!-- tested by tests/oracle/accepts.py -->\n```text\n"


def shown(readme):
    """The block of the README behind the mark."""
    before, mark, rest = readme.partition(MARK)
    if not mark:
        sys.exit("README.md shows nothing of proofs/accept")
    return rest.partition("```")[0]


def main():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # In `proofs` the committed certificate has the name that the README gives to the one just written.
    ran = subprocess.run([sys.executable, "accept", "certs/worked_example.v"], cwd=ROOT / "proofs", capture_output=True, text=True)
    if "--self-test" in sys.argv[1:]:
        readme = readme.replace("2-2-1, 1 example, without", "2-2-1, 2 examples, without")
        same = ran.stdout == shown(readme)
        print("a changed README is taken for the right one" if same else "self-test: a changed README is refused")
        return same
    if ran.returncode != 0 or ran.stdout != shown(readme):
        print(f"README.md shows\n{shown(readme)}\nand proofs/accept exits with {ran.returncode} and says\n{ran.stdout}{ran.stderr}")
        return 1
    print("README.md shows what proofs/accept prints")
    return 0


if __name__ == "__main__":
    sys.exit(main())
