"""`make -C proofs selftest`: break, in a copy, what each gate guards, and require that it refuses.

Also the other way round: the same copies unbroken pass, so that nothing is refused for a wrong
reason. Needs a project that `make -C proofs` has passed."""

import os
import pathlib
import shutil
import tempfile

import audit
import build
import certificates
import coverage
import examples
import hostile
import lint
import preflight
import readme
import recheck
from project import Failed, Project


class Copy:
    """A copy of the project to break."""

    certificates = None  # those that the gate is to look at, if not all
    path = os.environ.get("PATH", os.defpath)  # where it looks for Coq

    def __init__(self, project, scratch):
        self.root = pathlib.Path(scratch) / "proofs"
        shutil.copytree(project.root, self.root)

    def edit(self, file, *changes):
        path = self.root / file
        text = path.read_text()
        for old, new in changes:
            if old not in text:
                raise ValueError(f"{file} does not hold {old!r}")
            text = text.replace(old, new, 1)
        path.write_text(text)

    def append(self, file, text):
        path = self.root / file
        path.write_text((path.read_text() if path.exists() else "") + text)

    def only(self, *files):
        """Reduce the project to a few files."""
        shutil.rmtree(self.root / "certs", ignore_errors=True)
        (self.root / "_CoqProject").write_text("\n".join(["-Q theories CreditCheck", *files]) + "\n")


def compile_wrong(copy):
    copy.only("theories/CheckerSpec.v")
    copy.append("theories/CheckerSpec.v", "\nLemma wrong : 0%nat = 1%nat. Proof. reflexivity. Qed.\n")


def compile_absent(copy):
    copy.only("theories/CheckerSpec.v", "theories/NotThere.v")


def lint_axiom(copy):
    copy.append("theories/CheckerSpec.v", "\nAxiom wrong : False.\n")


def lint_flag(copy):
    copy.append("_CoqProject", "-arg -type-in-type\n")


def audit_sound(copy, statement="Theorem all : True. Proof. exact I. Qed."):
    """A project of one file that the audit asks about."""
    copy.only("theories/Small.v", audit.FILE)
    (copy.root / "theories/Small.v").write_text(statement + "\n")
    (copy.root / audit.FILE).write_text(audit.source(Project(copy.root)))
    (copy.root / audit.EXPECTED).write_text("Small.all: none\n")
    build.run(Project(copy.root))


def audit_axiom(copy):
    audit_sound(copy, "Axiom wrong : False.\nTheorem all : True. Proof. destruct wrong. Qed.")


def audit_expected(copy):
    audit_sound(copy)
    copy.append(audit.EXPECTED, "Small.more: none\n")


def coverage_stray(copy):
    copy.append("theories/Stray.v", "Lemma a : True. Proof. exact I. Qed.\n")


def coverage_unread(copy):
    coverage_stray(copy)
    copy.append("_CoqProject", "theories/Stray.v\n")


def coverage_unaudited(copy):
    copy.append("theories/CheckerWorked.v", "\nTheorem more : True. Proof. exact I. Qed.\n")


def readme_statement(copy):
    copy.edit(readme.FILE, ("= - eta *: gradient W sigma dsigma x g.", "= eta *: gradient W sigma dsigma x g."))


def readme_name(copy):
    copy.edit(readme.FILE, ("`credit_update_gradient`", "`credit_update_gradients`"))


def readme_axioms(copy):
    copy.edit(readme.FILE, ("| three |", "| none |"))


def readme_unquoted(copy):
    copy.edit(readme.FILE, ("Theorem relaxation_exact", "Lemma relaxation_exact"))
    copy.edit("theories/Settling.v", ("Theorem relaxation_exact", "Lemma relaxation_exact"))


def recheck_sound(copy):
    copy.only("theories/CheckerSpec.v")


def recheck_corrupt(copy):
    recheck_sound(copy)
    path = copy.root / "theories/CheckerSpec.vo"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def recheck_stale(copy):
    recheck_sound(copy)
    (copy.root / "theories/CheckerSpec.v").touch()


RIGHT = "Fail Check @relaxation_exact : claim (fun h => h)%N."


def examples_true(copy):
    copy.edit(examples.FILE, (RIGHT, "Fail Check @relaxation_exact : claim (fun h => h + 1%N)%N."))


def examples_typo(copy):
    copy.edit(examples.FILE, (RIGHT, "Fail Check @relaxation_exact : claim (fun h => g)%N."))


def examples_elsewhere(copy):
    copy.edit(examples.FILE, (RIGHT, "Fail Check @equilibrium_unique : claim (fun h => h)%N."))


def examples_unused(copy):
    copy.edit(readme.FILE, ("| `ExamplesGraph.T4_met` |", "| `ExamplesGraph.T4_value` |"))


def examples_missing(copy):
    copy.edit(examples.FILE, ("Module T8.", "Module T88."), ("End T8.", "End T88."))


def coqc_says(copy, script):
    """A coqc of its own, in the place of the real one."""
    fake = copy.root / "bin"
    fake.mkdir()
    if script is not None:
        (fake / "coqc").write_text(f"#!/bin/sh\n{script}\n")
        (fake / "coqc").chmod(0o755)
    copy.path = str(fake)


def preflight_sound(copy):
    pass


def preflight_none(copy):
    coqc_says(copy, None)


def preflight_other(copy):
    coqc_says(copy, "echo 8.20.0 5.2.0")


def preflight_algebra(copy):
    coqc_says(copy, 'test "$1" = -print-version || exit 1; echo 8.16.1 4.13.1')


def preflight_analysis(copy):
    coqc_says(copy, 'test "$1" = -print-version && echo 8.16.1 4.13.1 && exit\nwhile [ $# -gt 1 ]; do shift; done\n'
                    'while read -r line; do case $line in *analysis*) exit 1;; esac; done < "$1"')


FORGED = ["wrong_number.v", "admitted.v", "no_examples.v", "own_check.v"]


def forged_sound(copy, *changes):
    """A few forged certificates, and a library that is compiled."""
    for path in (copy.root / hostile.FOLDER).glob("*.v"):
        if path.name not in FORGED:
            path.unlink()
    for file, old, new in changes:
        copy.edit(f"{hostile.FOLDER}/{file}", (old, new))


def forged_none(copy):
    shutil.rmtree(copy.root / hostile.FOLDER)


def forged_right(copy):
    forged_sound(copy, ("wrong_number.v", "(Vec 1 [7])", "(Vec 1 [2])"))


def forged_elsewhere(copy):
    forged_sound(copy, ("admitted.v", 'refused: "Admitted."', "refused: it has no examples"))


def forged_coq(copy):
    forged_sound(copy, ("admitted.v", "by Coq alone: it assumes something: Cert.accepted", "by Coq alone: accepted"))


def forged_silent(copy):
    forged_sound(copy, ("own_check.v", "refused:", "reason:"))


def forged_library(copy):
    """A library that accepts what is empty."""
    forged_sound(copy)
    copy.edit("theories/CheckerRun.v", ("nonempty C && check C", "check C"))
    copy.edit("theories/Checker.v", ("Lemma accept_nonempty C : accept C = true -> about_something C.",
                                     "Lemma accept_nonempty C : nonempty C && check C = true -> about_something C."),
              ("unfold accept; rewrite andb_true_iff; tauto.", "trivial."),
              ("Theorem accept_sound (C : certificate) : accept C = true ->\n  about_something C /\\",
               "Theorem accept_sound (C : certificate) : accept C = true ->\n  True /\\"),
              ("unfold accept, nonempty", "unfold nonempty"), ("[now apply accept_nonempty|", "[exact I|"))


def certificate_sound(copy, *changes):
    """A certificate of two neurons, looked at alone."""
    copy.certificates = ["certs/small.v"]
    small = (copy.root / hostile.FOLDER / "wrong_number.v").read_text()
    small = small[hostile.HEAD.match(small).end() :].replace("(Vec 1 [7])", "(Vec 1 [2])")
    small = small.replace("Definition layer1", "(* data *)\nDefinition layer1")
    small = small.replace("Definition cert ", "(* end of data *)\nDefinition cert ")
    (copy.root / "certs/small.v").write_text(small)
    copy.edit("certs/small.v", *changes)


def certificate_none(copy):
    copy.certificates = []


def certificate_wrong(copy):
    certificate_sound(copy, ("[[2]]", "[[7]]"))


def certificate_free(copy):
    """Numbers that no equation sees, marked as if one did."""
    certificate_sound(copy, ("(* data *)\n", ""), ("(* end of data *)\n", "(* data *)\n"),
                      ("  [layer1]", "  (* end of data *) [layer1]"))


def certificate_unmarked(copy):
    certificate_sound(copy, ("(* data *)", ""))


def certificate_axiom(copy):
    certificate_sound(copy, ("Theorem accepted", "Axiom trust : accept cert = true.\nTheorem accepted"),
                      ("vm_cast_no_check (eq_refl true)", "exact trust"))


# gate, what breaks it, words of the reason; no words: the gate has to pass
CASES = [
    (build, compile_wrong, "did not compile"),
    (build, compile_absent, "did not compile"),
    (lint, lint_axiom, "Axiom"),
    (lint, lint_flag, "-type-in-type"),
    (audit, audit_sound, None),
    (audit, audit_axiom, "differ"),
    (audit, audit_expected, "differ"),
    (coverage, coverage_stray, "is not in _CoqProject"),
    (coverage, coverage_unread, "is not required by"),
    (coverage, coverage_unaudited, "CheckerWorked.more is not in"),
    (readme, readme_statement, "does not say what is quoted"),
    (readme, readme_name, "is not in audit.expected"),
    (readme, readme_axioms, "the table says none"),
    (readme, readme_unquoted, "is not quoted"),
    (recheck, recheck_sound, None),
    (recheck, recheck_corrupt, "coqchk refused"),
    (recheck, recheck_stale, "not compiled"),
    (examples, examples_true, "a wrong one accepted"),
    (examples, examples_typo, "not for its type"),
    (examples, examples_elsewhere, "one place"),
    (examples, examples_unused, "uses"),
    (examples, examples_missing, "no wrong statement for T8"),
    (certificates, certificate_sound, None),
    (certificates, certificate_none, "no certificate"),
    (certificates, certificate_wrong, "refused as it is: the checker says no"),
    (certificates, certificate_free, "still accepted"),
    (certificates, certificate_unmarked, "no number between"),
    (certificates, certificate_axiom, '"Axiom trust'),
    (preflight, preflight_sound, None),
    (preflight, preflight_none, "coqc is not installed"),
    (preflight, preflight_other, "coqc is 8.20.0"),
    (preflight, preflight_algebra, "mathcomp 1 is not installed"),
    (preflight, preflight_analysis, "mathcomp-analysis is not installed"),
    (hostile, forged_sound, None),
    (hostile, forged_none, "holds no file"),
    (hostile, forged_right, "accepted"),
    (hostile, forged_elsewhere, "for another reason"),
    (hostile, forged_coq, "by Coq alone"),
    (hostile, forged_silent, "no reason at its head"),
    (hostile, forged_library, "no_examples.v: Coq alone says something else"),
]


def verdict(gate, copy, words):
    """Whether the gate does what it should on the broken copy, and what it said."""
    project = Project(copy.root)
    if copy.certificates is not None:
        project.certificates = copy.certificates
    before, os.environ["PATH"] = os.environ.get("PATH", os.defpath), copy.path
    try:
        said = gate.run(project)
    except Failed as reason:
        return words is not None and words in str(reason), f"refused: {reason}"
    finally:
        os.environ["PATH"] = before
    return words is None, f"passed: {said}"


def main(project):
    passed = failed = 0
    for name, good in lint.self_test():
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAILED  {name}")
    print(f"{'ok' if not failed else 'FAILED':<8}{passed} words and places of the lint")
    for gate, plant, words in CASES:
        with tempfile.TemporaryDirectory() as scratch:
            copy = Copy(project, scratch)
            plant(copy)
            good, said = verdict(gate, copy, words)
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok' if good else 'FAILED':<8}{plant.__name__.replace('_', ': ', 1):<26} {said[:110]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)
