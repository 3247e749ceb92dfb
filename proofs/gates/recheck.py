"""coqchk, Coq's second and smaller kernel, reads every compiled module of ours again.

Gated on its exit status: its list of assumptions also names constants that mathcomp seals."""

import build
from project import Failed


def run(project):
    if not project.listed:
        raise Failed("nothing to check")
    if stale := [file for file in project.listed if not build.compiled(project, file)]:
        raise Failed(f"not compiled, so not checked: {' '.join(stale)}")
    modules = [project.module(file) for file in project.listed]
    norec = [word for module in modules for word in ("-norec", module)]
    status, out, err = project.run("coqchk", "-silent", *project.paths(), *norec)
    if status:
        raise Failed(f"coqchk refused (exit {status})", out + err)
    return f"{len(modules)} modules"
