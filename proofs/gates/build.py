"""Every file of _CoqProject compiles; only what changed is compiled again.

But for Audit.v, which the gate after the next compiles for what it prints. And the part of the
library that one kind of certificate needs, without make."""

import fcntl
import os
import sys

import audit
import coverage
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


def needed(project, modules):
    """The files of these modules and of what they require, each after what it requires."""
    order = []

    def visit(file):
        if file not in order:
            for other in coverage.required(project, file):
                visit(other)
            order.append(file)

    for module in modules:
        visit(f"theories/{module}.v")
    return order


def library(project, modules):
    """Compiles these modules where they are not, or older than what they are made from; the files they need.

    Two at a time take turns."""
    files = needed(project, modules)
    folder = os.open(project.root / "theories", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        fresh = set()
        for file in files:
            others = set(coverage.required(project, file))
            product = (project.root / file).with_suffix(".vo")
            if compiled(project, file) and not others & fresh and not newer(project, others, product):
                continue
            print(f"compiling {file}", file=sys.stderr, flush=True)
            status, out, err = project.run("coqc", "-q", *project.flags, file)
            if status:
                raise Failed(f"{file} did not compile", out + err)
            fresh.add(file)
    finally:
        os.close(folder)
    return files


def newer(project, others, product):
    """Is one of the products that this one is made from newer than it?"""
    age = product.stat().st_mtime_ns
    return any((project.root / other).with_suffix(".vo").stat().st_mtime_ns > age for other in others)


def checker(project, modules):
    """`make -C proofs checker`: the library that certificates of layered networks need."""
    files = library(project, modules)
    return f"{len(files)} files: {' '.join(file.removeprefix('theories/') for file in files)}"
