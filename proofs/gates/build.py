"""Every file of _CoqProject compiles; only what changed is compiled again.

But for Audit.v, which the gate after the next compiles for what it prints."""

import os

import audit
from project import Failed


def run(project):
    status, out, err = project.run("coq_makefile", "-f", "_CoqProject", *project.certificates, "-o", "Makefile.coq")
    if status:
        raise Failed("coq_makefile failed", out + err)
    files = [file for file in project.listed if file != audit.FILE]
    if not files:
        raise Failed("_CoqProject lists no file")
    jobs = str(os.cpu_count() or 1)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    status, out, err = project.run("env", "-i", *(f"{k}={v}" for k, v in env.items()),
                                   "make", "--no-print-directory", "-f", "Makefile.coq", "-k", "-j", jobs,
                                   *(file + "o" for file in files))
    missing = [file for file in files if not compiled(project, file)]
    if missing:
        raise Failed(f"{len(missing)} of {len(files)} files did not compile: {' '.join(missing)}", err)
    if status:
        raise Failed("make failed", out + err)
    return f"{len(files)} files"


def compiled(project, file):
    """Is there a .vo, not older than its source?"""
    source = project.root / file
    product = source.with_suffix(".vo")
    return source.exists() and product.exists() and product.stat().st_mtime >= source.stat().st_mtime
