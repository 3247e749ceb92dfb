"""Coq and its libraries, asked for before anything compiles: what is missing is one line."""

import pathlib
import shutil
import tempfile

from project import Failed

VERSION = "8.16"
PACKAGES = "coq libcoq-mathcomp-ssreflect libcoq-mathcomp-algebra libcoq-mathcomp-analysis"
TRIED = "tried with Debian 12's coq 8.16.1, mathcomp 1.15.0 and mathcomp-analysis 0.6.0"

# mathcomp 2, which newer Debian and opam bring, has no such class.
ALGEBRA = "From mathcomp Require ssreflect ssralg.\nCheck ssralg.GRing.ComRing.class_of.\n"
ANALYSIS = "From mathcomp.analysis Require exp.\n"


def coq(project):
    """The version of coqc.

    Fails if there is none, or one of another series."""
    if shutil.which("coqc") is None:
        raise Failed(f"coqc is not installed: apt-get install coq ({TRIED})")
    status, out, err = project.run("coqc", "-print-version")
    version = (out.split() or ["of no version"])[0]
    if status or not version.startswith(VERSION + "."):
        raise Failed(f"coqc is {version}, not {VERSION}: apt-get install coq ({TRIED}; no other version was)")
    return version


def mathcomp(project, *, analysis):
    """Whether the libraries load.

    Fails if they do not, or are others than those the theories are written for."""
    probe(project, ALGEBRA, f"mathcomp 1 is not installed (or is mathcomp 2, which these theories are not written for): "
                            f"apt-get install {' '.join(PACKAGES.split()[:3])} ({TRIED})")
    if analysis:
        probe(project, ANALYSIS, f"mathcomp-analysis is not installed: apt-get install {PACKAGES} ({TRIED})")


def probe(project, text, otherwise):
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "Probe.v"
        file.write_text(text)
        status, _, _ = project.run("coqc", "-q", "-noglob", str(file))
    if status:
        raise Failed(otherwise)


def run(project):
    """Everything that the gates need."""
    version = coq(project)
    mathcomp(project, analysis=True)
    return f"coq {version}, mathcomp 1, mathcomp-analysis"
