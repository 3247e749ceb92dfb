"""What every exported theorem assumes, as Coq prints it, compared with audit.expected.

theories/Audit.v is written from the sources (`make -C proofs accept`): one Print Assumptions
for each Theorem, Corollary and Example."""

import re

from project import Failed

FILE = "theories/Audit.v"
PRINTED = "theories/Audit.out"
EXPECTED = "audit.expected"
CLOSED = "Closed under the global context"


def named(project):
    """Module.theorem of every exported theorem but those of Audit.v."""
    return [f"{file[len('theories/'):-2]}.{name}" for file, name in project.exported() if file != FILE]


def source(project):
    """Audit.v as it has to be."""
    bar = "(" + "*" * 78 + ")"
    modules = [file[len("theories/") : -2] for file in project.theories() if file != FILE]
    lines = [bar,
             "(* Prints what every exported theorem assumes. Compared with audit.expected. *)",
             "(* Written by `make -C proofs accept`.                                       *)",
             bar,
             *(f"From CreditCheck Require {module}." for module in modules), "",
             *(f"Print Assumptions {name}." for name in named(project))]
    return "\n".join(lines) + "\n"


def printed(project):
    """What Audit.v prints. Kept until a theory is compiled again, as Coq takes its time over it."""
    kept = project.root / PRINTED
    products = [(project.root / file).with_suffix(".vo") for file in project.theories() if file != FILE]
    sources = [project.root / FILE, *(product for product in products if product.exists())]
    if kept.exists() and all(source.stat().st_mtime < kept.stat().st_mtime for source in sources):
        return kept.read_text()
    status, out, err = project.coqc(FILE, (project.root / FILE).parent)
    if status:
        raise Failed(f"{FILE} did not compile", err)
    kept.write_text(out)
    return out


def assumptions(project):
    """{theorem: [axiom, ..]} as Coq prints them now."""
    names = re.findall(r"^Print Assumptions ([\w'.]+)\.$", (project.root / FILE).read_text(), re.M)
    out = printed(project)
    answers = []
    for line in out.splitlines():
        if line == CLOSED:
            answers.append([])
        elif line in ("Axioms:", "Section Variables:"):
            answers.append([])
        elif found := re.match(r"([\w'.]+)\s*(?::|$)", line):
            if not answers:
                raise Failed("an answer without a question", out)
            answers[-1].append(found.group(1))
    if len(answers) != len(names) or not names:
        raise Failed(f"{len(names)} theorems asked about, {len(answers)} answers", out)
    return dict(zip(names, answers))


def rows(found):
    """One line for each theorem, axioms without their modules' paths."""
    return [f"{name}: {', '.join(axioms) or 'none'}" for name, axioms in found.items()]


def run(project):
    now = rows(assumptions(project))
    path = project.root / EXPECTED
    expected = path.read_text().splitlines() if path.exists() else []
    changed = [line for line in now if line not in expected] + [f"gone: {line}" for line in expected if line not in now]
    if changed or now != expected:
        raise Failed(f"{len(changed)} lines differ from {EXPECTED} (`make -C proofs accept` if that is right)",
                     "\n".join(changed))
    some = sum(not line.endswith(": none") for line in now)
    return f"{len(now)} theorems: {len(now) - some} without axioms, {some} with those of mathcomp-analysis"


def accept(project, build):
    (project.root / FILE).write_text(source(project))
    build(project)
    (project.root / EXPECTED).write_text("\n".join(rows(assumptions(project))) + "\n")
