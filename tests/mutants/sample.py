"""A seeded sample of the mutants of `check`, as a regular expression for `cargo mutants -F`.

    cargo mutants --list -f 'src/verdict/**' -e ... | python3 tests/mutants/sample.py 200
"""

import random
import re
import sys

names = sorted(line.rstrip("\n") for line in sys.stdin)
sample = random.Random(13).sample(names, int(sys.argv[1]))
print("^(" + "|".join(re.escape(name) for name in sorted(sample)) + ")$")
