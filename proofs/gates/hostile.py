"""Every certificate in certs/ is accepted by proofs/accept, and every forged one in gates/forged is
refused, each for its reason.

The reason stands in the comment at the head of the file, which is no part of it: `refused:` is what proofs/accept has to
say, `by Coq alone:` what Coq has to say of the same file when nobody has read it before,
or `accepted` where the harm is none to the proof."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import judge
import kernel
import screen
from project import Failed, sentences, strip

FOLDER = "gates/forged"
HEAD = re.compile(r"\(\* [^\n]+\n   refused: ([^\n]+)\n   by Coq alone: ([^\n]+) \*\)\n")
SOON = kernel.Limits(seconds=kernel.SECONDS)
# For files that never end.
SHORT = kernel.Limits(seconds=4)
ENDLESS = "was not done within"
# What never ends takes memory too; which limit it meets first depends on the machine.
LIMITS = (ENDLESS, "ended for want of memory")


def limits(words):
    return SHORT if words.startswith(ENDLESS) else SOON


def refusal(answer):
    """Why it was refused, or None."""
    try:
        answer()
    except Failed as reason:
        return str(reason)
    return None


def alone(project, text, words):
    """The reason of Coq without that of the reader before it."""
    kind = screen.kind_of(list(sentences(strip(text))), screen.frames(project)).kind
    judge.prepare(project, kind)
    return refusal(lambda: kernel.verdict(project, kind, text, limits(words)))


def asked(project, path):
    """Fails unless one forged file is refused as its head says."""
    text = path.read_text()
    if not (head := HEAD.match(text)):
        raise Failed(f"{path.name}: no reason at its head")
    refused, by_coq = head.groups()
    text = text[head.end() :]
    said = refusal(lambda: judge.judge(project, text.encode(), limits(refused)))
    if said is None:
        raise Failed(f"{path.name}: accepted")
    if refused not in said:
        raise Failed(f"{path.name}: refused for another reason", said)
    said = alone(project, text, by_coq)
    if by_coq == "accepted" and said is not None:
        raise Failed(f"{path.name}: refused by Coq alone", said)
    words = LIMITS if by_coq.startswith(ENDLESS) else (by_coq,)
    if by_coq != "accepted" and not any(reason in (said or "") for reason in words):
        raise Failed(f"{path.name}: Coq alone says something else", said or "accepted")


def command(project, *words, folder=None):
    """Exit status and output of proofs/accept itself."""
    done = subprocess.run([project.root / "accept", *words], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def surroundings(project):
    """Names and neighbours of a certificate do not matter; the exit status tells what happened.

    Fails where one does."""
    wrong = (project.root / FOLDER / "wrong_number.v").read_text()
    good = project.root / screen.REFERENCES["a layered network"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        # A product of the right certificate and a checker that accepts all lie beside a wrong one.
        shutil.copy(good, folder / "beside.v")
        status, out, err = project.run("coqc", *project.flags, "-q", "-noglob", str(folder / "beside.v"))
        if status:
            raise Failed("a certificate does not compile", out + err)
        (folder / "beside.v").write_text(wrong)
        (folder / "CheckerRun.v").write_text("Definition accept (C : nat) := true.\n")
        project.run("coqc", "-q", "-noglob", "-Q", str(folder), "CreditCheck", str(folder / "CheckerRun.v"))
        for name in ("-dash.v", "two words 'and \"quotes.v", "no-extension", "a\x1b[2J\nb.v"):
            shutil.copy(good, folder / name)
        cases = [(["beside.v"], 1), (["--", "-dash.v"], 0), (["-dash.v"], 0), (["two words 'and \"quotes.v"], 0), (["no-extension"], 0),
                 (["a\x1b[2J\nb.v"], 0), (["-dash.v", "beside.v"], 1), (["nowhere.v", "beside.v"], 2), (["."], 2),
                 (["/dev/null"], 2), (["--seconds", "0", "-dash.v"], 2), (["--second=1", "-dash.v"], 2), ([], 2)]
        for words, expected in cases:
            status, out, err = command(project, *words, folder=folder)
            if status != expected:
                raise Failed(f"accept {screen.shown(' '.join(words))}: exit {status}, not {expected}", out + err)
            if "\x1b" in out + err or "Traceback" in err:
                raise Failed(f"accept {screen.shown(' '.join(words))} prints what it should not", screen.safe(out + err))
        with open("/dev/full", "w") as full:
            done = subprocess.run([project.root / "accept", good], stdout=full, stderr=subprocess.PIPE, text=True)
        if done.returncode != judge.NO_ANSWER or "was not written" not in done.stderr:
            raise Failed(f"accept on a full disk: exit {done.returncode}", done.stderr)
    return len(cases) + 1


def run(project):
    paths = sorted((project.root / FOLDER).glob("*.v"))
    if not paths:
        raise Failed(f"{FOLDER} holds no file, so nothing was refused")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(lambda path: asked(project, path), paths):
            pass
    named = surroundings(project)
    return f"{len(paths)} forged certificates refused, each for its reason; {named} names and neighbours"
