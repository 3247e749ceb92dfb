"""`proofs/accept CERT.v ..`: does a certificate prove what it is for? Exit 0: all accepted; 1: one refused; 2: no answer.

usage: proofs/accept [--seconds N] [--memory GB] CERT.v ..

A file that compiles need not prove anything: it may hold no example, assume its theorem, or use a checker of its own. Here
it has to be data in the frame of a certificate (screen.py), Coq has to compile it, and then a file of ours
asks Coq whether it proves that the checker of theories/ accepts these numbers, without assumptions (kernel.py).

Layered networks need Coq alone, graphs and floats also mathcomp. What is missing of the library is compiled first.
A certificate is a program for Coq: accept files of strangers in a sandbox. Time and memory are limited (600 s by the clock, 8 GB)."""

import os
import pathlib
import signal
import stat
import sys

import build
import kernel
import preflight
import screen
from project import Failed, Project

ACCEPTED, REFUSED, NO_ANSWER, INTERRUPTED = 0, 1, 2, 130
LARGEST = 64 << 20
NOTE = ("That these are the numbers of your case is not proved here: creditcheck certify CASE.json --coq DIR writes them again, and\n"
        "exact ones to the byte (cmp).")


class NoAnswer(Exception):
    """Nothing can be said of a file; the reason in one line."""


def read(file):
    """The bytes of a regular file."""
    try:
        state = pathlib.Path(file).stat()
        if not stat.S_ISREG(state.st_mode):
            raise NoAnswer("not a regular file")
        if state.st_size > LARGEST:
            raise NoAnswer(f"{state.st_size} bytes; the largest certificate that is read has {LARGEST}")
        return pathlib.Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise NoAnswer(getattr(error, "strerror", None) or str(error)) from None


def prepare(project, kind):
    """The library for one kind of certificate, compiled where it is not."""
    try:
        preflight.coq(project)
        if kind != "a layered network":
            preflight.mathcomp(project, analysis=False)
        build.library(project, kernel.QUESTIONS[kind].libraries)
    except Failed as error:
        raise NoAnswer(str(error)) from None


def judge(project, source, limits):
    """What a certificate proves, in words.

    Fails where it is refused."""
    given = screen.screened(project, source)
    kind = given.frame.kind
    prepare(project, kind)
    try:
        return kernel.verdict(project, kind, given.text, limits)
    except kernel.Exceeded:
        raise
    except Failed as error:
        data = "\n".join(given.text.splitlines()[: given.theorems - 1])
        try:
            why = kernel.diagnosis(project, kind, data, limits)
        except Failed:
            why = None
        raise Failed(why or str(error), error.output) from None


def one(project, file, limits):
    """Exit status for one file, after its line is printed."""
    name = screen.safe(file)
    try:
        print(f"{name}: accepted: {judge(project, read(file), limits)}, without assumptions", flush=True)
        return ACCEPTED
    except Failed as error:
        print(f"{name}: refused: {error}", flush=True)
        return REFUSED
    except NoAnswer as error:
        print(f"{name}: no answer: {error}", file=sys.stderr, flush=True)
        return NO_ANSWER


def arguments(words):
    """Files and limits. An option starts with two dashes and stands before the files."""
    options = {"--seconds": kernel.SECONDS, "--memory": kernel.GIGABYTES}
    words = list(words)
    while words and words[0].startswith("--"):
        word = words.pop(0)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name not in options:
            raise NoAnswer(f"no option {screen.shown(name)}; there are {', '.join(options)}")
        value = value if equals else (words.pop(0) if words else "")
        try:
            options[name] = float(value)
        except ValueError:
            options[name] = 0
        if not 0 < options[name] < 1e6:
            raise NoAnswer(f"{name} takes a positive number, not {screen.shown(value)!r}")
    return words, kernel.Limits(options["--seconds"], options["--memory"])


def main(root, words):
    if words in (["--help"], ["-h"]):
        print(__doc__)
        return 0
    # A request to end is an exception, so that Coq is ended and what was copied is removed.
    for request in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, signal.default_int_handler)
    project = Project(root)
    try:
        files, limits = arguments(words)
        if not files:
            raise NoAnswer("no certificate is named; --help says more")
    except NoAnswer as error:
        print(f"proofs/accept: {error}", file=sys.stderr)
        return NO_ANSWER
    try:
        answers = [one(project, file, limits) for file in files]
        if ACCEPTED in answers:
            print(NOTE, flush=True)
        return max(answers)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        # Nothing more is to be written there, not even when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"proofs/accept: the answer was not written: {error.strerror}", file=sys.stderr)
        return NO_ANSWER
