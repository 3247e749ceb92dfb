"""Every file of _CoqProject compiles; only what changed is compiled again."""

import os

from project import Failed


def run(project):
    status, out, err = project.run("coq_makefile", "-f", "_CoqProject", "-o", "Makefile.coq")
    if status:
        raise Failed("coq_makefile failed", out + err)
    jobs = str(os.cpu_count() or 1)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    status, out, err = project.run("env", "-i", *(f"{k}={v}" for k, v in env.items()),
                                   "make", "--no-print-directory", "-f", "Makefile.coq", "-k", "-j", jobs)
    missing = [file for file in project.listed if not compiled(project, file)]
    if missing:
        raise Failed(f"{len(missing)} of {len(project.listed)} files did not compile: {' '.join(missing)}", err)
    if status:
        raise Failed("make failed", out + err)
    if not project.listed:
        raise Failed("_CoqProject lists no file")
    return f"{len(project.listed)} files"


def compiled(project, file):
    """Is there a .vo, not older than its source?"""
    source = project.root / file
    product = source.with_suffix(".vo")
    return source.exists() and product.exists() and product.stat().st_mtime >= source.stat().st_mtime
