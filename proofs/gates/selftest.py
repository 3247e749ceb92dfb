"""`make -C proofs selftest`: break, in a copy, what each gate guards, and require that it refuses.

Also the other way round: the same copies unbroken pass, so that nothing is refused for a wrong
reason. Needs a project that `make -C proofs` has passed."""

import pathlib
import shutil
import tempfile

import audit
import build
import certificates
import coverage
import examples
import lint
import readme
import recheck
from project import Failed, Project


class Copy:
    """A copy of the project to break."""

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


CERTIFICATE = """From Coq Require Import ZArith List.
From CreditCheck Require Import CheckerRun.
Import ListNotations.
Open Scope Z_scope.
(* data *)
Definition small : certificate := Certificate (* free *) 1 1 (* end of free *)
  [ Layer 1 (Mat 1 [[2]]) (Vec 1 [1]) Identity ]
  [ Example (Vec 1 [1]) (Vec 1 [5]) (Vec 1 [4])
      [ Trace (Vec 1 [3]) (Vec 1 [1]) (Vec 1 [3]) (Vec 1 [2]) (Vec 1 [2]) ] ].
(* end of data *)
Theorem accepted : check small = true.
Proof. vm_cast_no_check (eq_refl true). Qed.
"""


def certificate_sound(copy, *changes):
    shutil.rmtree(copy.root / "certs", ignore_errors=True)
    (copy.root / "certs").mkdir()
    (copy.root / "certs/small.v").write_text(CERTIFICATE)
    copy.edit("certs/small.v", *changes)


def certificate_none(copy):
    certificate_sound(copy)
    (copy.root / "certs/small.v").unlink()


def certificate_wrong(copy):
    certificate_sound(copy, ("[[2]]", "[[7]]"))


def certificate_unread(copy):
    certificate_sound(copy, ("check small = true.\nProof. vm_cast_no_check (eq_refl true).", "True.\nProof. exact I."))


def certificate_unmarked(copy):
    certificate_sound(copy, ("(* data *)", ""))


def certificate_axiom(copy):
    certificate_sound(copy, ("Theorem accepted", "Axiom a : check small = true. Theorem accepted"),
                      ("vm_cast_no_check (eq_refl true)", "exact a"))


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
    (certificates, certificate_wrong, "refused as it is"),
    (certificates, certificate_unread, "still accepted"),
    (certificates, certificate_unmarked, "no number between"),
    (certificates, certificate_axiom, "assumes something"),
]


def verdict(gate, copy, words):
    """Whether the gate does what it should on the broken copy, and what it said."""
    try:
        said = gate.run(Project(copy.root))
    except Failed as reason:
        return words is not None and words in str(reason), f"refused: {reason}"
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
