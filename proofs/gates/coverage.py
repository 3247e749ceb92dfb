"""Nothing is left out: every file is in the project, every theorem is audited, every theory is
required by Audit.v, directly or through others."""

import re

import audit
from project import Failed

REQUIRE = re.compile(r"(?:From ([\w.]+) )?Require (?:Import |Export )?(.*)\.$")


def required(project, file):
    """Theories of this project that a file requires."""
    for _, sentence in project.sentences(file):
        if found := REQUIRE.match(sentence):
            for name in found.group(2).split():
                theory = f"theories/{name.removeprefix('CreditCheck.').replace('.', '/')}.v"
                if found.group(1) in (None, "CreditCheck") and theory in project.listed:
                    yield theory


def reached(project, start):
    seen, todo = set(), [start]
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            todo += required(project, file)
    return seen


def run(project):
    disk, listed = set(project.on_disk()), set(project.listed)
    for file in sorted(disk - listed):
        raise Failed(f"{file} is not in _CoqProject")
    for file in sorted(listed - disk):
        raise Failed(f"_CoqProject lists {file}, which does not exist")
    if audit.FILE not in listed:
        raise Failed(f"{audit.FILE} is not in _CoqProject")
    found = reached(project, audit.FILE)
    for file in project.theories():
        if file not in found:
            raise Failed(f"{file} is not required by {audit.FILE}, nor by what that requires")
    asked = set(re.findall(r"^Print Assumptions ([\w'.]+)\.$", project.text(audit.FILE), re.M))
    exported = set(audit.named(project))
    for name in sorted(exported - asked):
        raise Failed(f"{name} is not in {audit.FILE} (`make -C proofs accept`)")
    for name in sorted(asked - exported):
        raise Failed(f"{audit.FILE} asks about {name}, which no theory exports")
    if project.text(audit.FILE) != audit.source(project):
        raise Failed(f"{audit.FILE} is not as `make -C proofs accept` writes it")
    return f"{len(disk)} files listed, {len(project.theories())} theories and {len(asked)} theorems reach {audit.FILE}"
