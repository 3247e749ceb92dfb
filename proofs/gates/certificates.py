"""A certificate is accepted by proofs/accept, and refused with one number changed.

Each certs/*.v holds its numbers between `(* data *)` and `(* end of data *)`. As it is it has to
be accepted; with a 1 written before one of its numbers Coq has to refuse it, at several places. Not
changed is what a certificate may stay true without: one entry of a matrix, [[..]] or Row, as nothing reads
a weight from a silent neuron to one without credit (its denominator, which moves all of them, is
changed); the denominator of zeros; and what lies between `(* free *)` and `(* end of free *)`."""

import concurrent.futures
import os
import pathlib
import re
import tempfile

import judge
import kernel
from project import Failed

PLACES = 5
DATA = re.compile(r"\(\* data \*\)(.*?)\(\* end of data \*\)", re.S)
FREE = [
    re.compile(r"\(\* free \*\).*?\(\* end of free \*\)", re.S),
    re.compile(r"\[\s*\[.*?\]\s*\]", re.S),
    re.compile(r"\bRow \d+\s*\[[^\]]*\]"),
    re.compile(r"\bVec \d+(?=\s*\[[0;\s]*\])"),
    re.compile(r"\(\*.*?\*\)", re.S),
]
NUMBER = re.compile(r"(?<![\w.'])\d+(?![\w.'])")
UNREAD = re.compile(r"Syntax error|was not found|Cannot find|Unable to locate|Lexer|Illegal")


def numbers(text):
    """Offsets of the numbers that a change must not survive."""
    found = []
    for data in DATA.finditer(text):
        free = [span.span() for pattern in FREE for span in pattern.finditer(text, *data.span(1))]
        found += [n.start() for n in NUMBER.finditer(text, *data.span(1))
                  if not any(a <= n.start() < b for a, b in free)]
    return found


def chosen(offsets):
    """Places spread evenly, the same at every run."""
    count = min(PLACES, len(offsets))
    return [offsets[(2 * k + 1) * len(offsets) // (2 * count)] for k in range(count)]


def attempt(project, path, offset):
    """Coq's answer to a certificate with a digit more at the offset; without one, why proofs/accept refuses it."""
    if offset is None:
        try:
            judge.judge(project, path.read_bytes(), kernel.Limits())
        except Failed as error:
            return 1, str(error), error.output
        return 0, "", ""
    text = path.read_text()
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / path.name
        copy.write_text(text[:offset] + "1" + text[offset:])
        return project.coqc(copy, scratch)


def run(project):
    certificates = [project.root / file for file in project.certificates]
    if not certificates:
        raise Failed("certs/ holds no certificate, so nothing was changed and nothing refused")
    work = []
    for path in certificates:
        places = chosen(numbers(path.read_text()))
        if not places:
            raise Failed(f"{path.name}: no number between (* data *) and (* end of data *)")
        work += [(path, offset) for offset in [None, *places]]
    for question in kernel.QUESTIONS:
        judge.prepare(project, question)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = list(pool.map(lambda job: attempt(project, *job), work))
    for (path, offset), (status, out, err) in zip(work, answers):
        if offset is None and status:
            raise Failed(f"{path.name} is refused as it is: {out}", err)
        if offset is not None:
            line = path.read_text().count("\n", 0, offset) + 1
            number = NUMBER.match(path.read_text(), offset).group(0)
            if not status:
                raise Failed(f"{path.name}:{line}: still accepted with 1{number} in the place of {number}")
            if UNREAD.search(err):
                raise Failed(f"{path.name}:{line}: refused unread", err)
    return f"{len(certificates)} certificates accepted, {len(work) - len(certificates)} with one number changed refused"
