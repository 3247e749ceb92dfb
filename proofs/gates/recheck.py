"""coqchk, Coq's second and smaller kernel, reads every compiled module of ours again.

Gated on its exit status: its list of assumptions also names constants that mathcomp seals. What it
has accepted is kept by the digest of all compiled files: the same bytes are not read twice."""

import hashlib

import build
from project import Failed


KEPT = ".coqchk"


def digest(project):
    """Of Coq's version, and of the names and bytes of all compiled files."""
    found = hashlib.sha256(project.run("coqchk", "-print-version")[1].encode())
    for file in project.listed:
        product = (project.root / file).with_suffix(".vo").read_bytes()
        found.update(f"{file} {len(product)}\n".encode() + product)
    return found.hexdigest()


def run(project):
    if not project.listed:
        raise Failed("nothing to check")
    if stale := [file for file in project.listed if not build.compiled(project, file)]:
        raise Failed(f"not compiled, so not checked: {' '.join(stale)}")
    modules = [project.module(file) for file in project.listed]
    kept, now = project.root / KEPT, digest(project)
    if kept.exists() and kept.read_text() == now:
        return f"{len(modules)} modules, as they were accepted before"
    norec = [word for module in modules for word in ("-norec", module)]
    status, out, err = project.run("coqchk", "-silent", *project.paths(), *norec)
    if status:
        raise Failed(f"coqchk refused (exit {status})", out + err)
    kept.write_text(now)
    return f"{len(modules)} modules"
