"""What Coq says of a certificate.

The certificate is compiled in a folder of its own. Then a second file, ours, asks for what it
has proved: `Require` without `Import`, every name in full, so that nothing in the certificate can stand
for anything here. Only what that second file prints counts."""

import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile

from project import Failed
from screen import shown

CLOSED = "Closed under the global context"
SECONDS = 600
GIGABYTES = 8
FILE_BYTES = 1 << 30
READ_BYTES = 1 << 20
LONGEST = 200


class Exceeded(Failed):
    """A limit was met: which, and the option that moves it."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What Coq may take of time (by the clock) and of memory."""

    seconds: float = SECONDS
    gigabytes: float = GIGABYTES


@dataclasses.dataclass(frozen=True)
class Question:
    """What has to be proved of one kind of certificate, in words of the library."""

    libraries: tuple
    claim: str
    sound: str  # of the claim: it is about something, and all of it holds
    sizes: str
    says: str  # sentence about the sizes
    parts: tuple  # (reason, boolean) of what makes a certificate empty
    examples: str  # a boolean for each example


LIST, BOOL = "Coq.Lists.List", "Coq.Init.Datatypes"

QUESTIONS = {
    "a layered network": Question(
        libraries=("CheckerRun", "Checker"),
        claim="CreditCheck.CheckerRun.accept Given.Cert.cert",
        sound="CreditCheck.Checker.accept_sound Given.Cert.cert accepted",
        sizes=f"{LIST}.length (CreditCheck.CheckerRun.examples Given.Cert.cert) :: "
              f"{LIST}.map (fun L => Coq.NArith.BinNat.N.to_nat (CreditCheck.CheckerRun.pre_cert L)) "
              f"({LIST}.firstn 1 (CreditCheck.CheckerRun.layers Given.Cert.cert)) ++ "
              f"{LIST}.map (fun L => {LIST}.length (CreditCheck.CheckerRun.vnum (CreditCheck.CheckerRun.b L))) "
              "(CreditCheck.CheckerRun.layers Given.Cert.cert)",
        says="a layered network, {}",
        parts=(("it has no layers", "some (layers cert)"), ("it has no examples", "some (examples cert)"),
               ("it has an empty layer", "nonempty cert")),
        examples="map (check_example (layers cert)) (examples cert)"),
    "a graph": Question(
        libraries=("CheckerRun", "CheckerGraphRun", "CheckerGraph"),
        claim="CreditCheck.CheckerGraphRun.accept_graph Given.Cert.network Given.Cert.examples",
        sound="fun K => @CreditCheck.CheckerGraph.accept_graph_sound K Given.Cert.network Given.Cert.examples accepted",
        sizes=f"{LIST}.length Given.Cert.examples :: "
              f"CreditCheck.CheckerGraphRun.size_of Given.Cert.network :: {BOOL}.nil",
        says="a graph of {} neurons",
        parts=(("it has no examples", "some examples"),
               ("it has no outputs, or no neuron that is not an input", "nonempty_graph network examples")),
        examples="map (fun E => check_graph network [E]) examples"),
    "credits in floats": Question(
        libraries=("CheckerRun", "CheckerGraphRun", "CheckerResidual"),
        claim="CreditCheck.CheckerGraphRun.accept_floats Given.Cert.network Given.Cert.credits",
        sound="fun K => @CreditCheck.CheckerResidual.accept_floats_sound K Given.Cert.network Given.Cert.credits accepted",
        sizes=f"{LIST}.length Given.Cert.credits :: "
              f"{LIST}.length (CreditCheck.CheckerGraphRun.w_rows Given.Cert.network) :: {BOOL}.nil",
        says="bounds on the float credits of {} neurons",
        parts=(("it has no neurons", "some (w_rows network)"), ("it has no examples", "some credits")),
        examples="map (fun Fb => check_floats network (fst Fb) (snd Fb)) credits"),
}

ASK = """{requires}
From Given Require Cert.
Definition accepted : @Coq.Init.Logic.eq {bool}.bool ({claim}) {bool}.true := Given.Cert.accepted.
Definition meaning := {sound}.
{something}
Print Assumptions accepted.
Print Assumptions meaning.
Print Assumptions something.
Eval vm_compute in ({sizes})%list.
"""


def ask(question):
    requires = "\n".join(f"From CreditCheck Require {library}." for library in question.libraries)
    each = question.sound.startswith("fun K")
    something = ("Definition something := fun K => Coq.Init.Logic.proj1 (meaning K)." if each
                 else "Definition something := Coq.Init.Logic.proj1 meaning.")
    return ASK.format(requires=requires, bool=BOOL, claim=question.claim, sound=question.sound,
                      something=something, sizes=question.sizes)


def run(command, folder, limits):
    """Exit status and what was printed, of a command that may do no harm by its size.

    Fails where it takes longer than it may."""
    def restrain():
        memory = int(limits.gigabytes * (1 << 30))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    clean = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, cwd=folder, env=clean, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=restrain, start_new_session=True)
        try:
            status = child.wait(timeout=limits.seconds)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Exceeded(f"Coq was not done within {limits.seconds:g} s (--seconds)") from None
            raise
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(READ_BYTES).decode("utf-8", "replace"))
    return status, *texts


def compiled(project, text, folder, name, limits, *paths):
    """What a file prints while it compiles.

    Fails where it does not, with Coq's reason and the line."""
    file = pathlib.Path(folder) / f"{name}.v"
    file.write_text(text)
    command = ["coqc", "-q", "-noglob", "-w", "none", "-Q", str(project.root / "theories"), "CreditCheck", *paths, file.name]
    status, out, err = run(command, folder, limits)
    if status or not file.with_suffix(".vo").exists():
        if status == -signal.SIGXFSZ:
            raise Exceeded(f"Coq wrote more than {FILE_BYTES} bytes into one file")
        if status < 0 or re.search(r"[Oo]ut of memory|Stack overflow", err):
            raise Exceeded(f"Coq ended for want of memory; it has {limits.gigabytes:g} GB (--memory)")
        raise Failed(reason(status, err), err)
    return out


def reason(status, err):
    """One line: where, and what Coq says."""
    lines = re.findall(r'File "[^"]*", line (\d+)', err)
    said = re.search(r"^(?:Error|Anomaly|Fatal error):?(.*)", err, re.M | re.S)
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}Coq: {shown(said.group(1) if said else err, LONGEST) or f'status {status}'}"


def verdict(project, kind, text, limits):
    """What is proved, in words.

    Fails where anything is missing: the reason is the refusal."""
    question = QUESTIONS[kind]
    with tempfile.TemporaryDirectory(prefix="accept-") as scratch:
        given, sealed, asking = (pathlib.Path(scratch) / name for name in ("given", "sealed", "asking"))
        given.mkdir()
        compiled(project, text, given, "Cert", limits, "-Q", str(given), "Given")
        # What else the certificate may have written stays behind.
        sealed.mkdir()
        asking.mkdir()
        shutil.move(given / "Cert.vo", sealed / "Cert.vo")
        try:
            out = compiled(project, ask(question), asking, "Ask", limits, "-Q", str(sealed), "Given")
        except Exceeded:
            raise
        except Failed as error:
            raise Failed(f"its theorem does not say that {question.claim.replace('Given.Cert.', '')} = true "
                         f"({str(error).split(': ', 1)[-1]})", error.output) from None
    return answer(question, out)


def answer(question, out):
    """What the second file printed: three times that nothing is assumed, and sizes."""
    lines = out.splitlines()
    if lines[:3] != [CLOSED] * 3:
        assumed = dict.fromkeys(line for line in lines if line not in (CLOSED, "Axioms:"))
        raise Failed(f"it assumes something: {shown(' '.join(assumed), LONGEST)}", out)
    found = re.fullmatch(r"\s*= ([\d:\s()\[\];]|nil|%list)+:\s*list nat\s*", "\n".join(lines[3:]))
    if not found:
        raise Failed("what Coq printed cannot be read", out)
    count, *sizes = re.findall(r"\d+", found.group(0).rsplit(":", 1)[0])
    return f"{question.says.format('-'.join(sizes))}, {count} example{'' if count == '1' else 's'}"


def diagnosis(project, kind, data, limits):
    """Why the checker says no to data, or None if it says yes."""
    question = QUESTIONS[kind]
    parts = "; ".join(part for _, part in question.parts)
    with tempfile.TemporaryDirectory(prefix="accept-") as scratch:
        out = compiled(project, f"{data}\nEval vm_compute in ([{parts}] ++ {question.examples})%list.\n", scratch, "Data", limits)
    yes = [word == "true" for word in re.findall(r"\b(?:true|false)\b", out)]
    for (why, _), good in zip(question.parts, yes):
        if not good:
            return why
    wrong = [k for k, good in enumerate(yes[len(question.parts) :]) if not good]
    return f"the checker says no to example {wrong[0]}: a number is not what the rule makes of the others" if wrong else None
