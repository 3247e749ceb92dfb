"""Every theorem has a network that satisfies it, one that shows why it asks what it asks, and a
wrong statement that Coq refuses.

README.md's table of examples names the first two; the first has to use its theorem. The wrong
statements are in theories/Mutants.v, in one module for each row: each `Fail` follows the same
command without the mistake, from which it differs in one place, and has to fail for its type,
not for a word that Coq does not know."""

import difflib
import re
import tempfile

import readme
from project import Failed, sentences, strip

FILE = "theories/Mutants.v"
PLACE = 12
TYPE = re.compile(r"while it is\s+expected to have type|[Uu]nable to unify|[Cc]annot unify")
WORD = re.compile(r"was not found|Unknown|[Ss]yntax|No such|not a declared|not a defined")
MARK = "The command has indeed failed with message:"


def pairs(text):
    """(module, right command, wrong command) for each Fail."""
    module, before = None, ""
    for line, sentence in sentences(strip(text)):
        if found := re.match(r"Module ([\w']+)\.$", sentence):
            module = found.group(1)
        elif sentence.startswith("Fail "):
            yield line, module, before, sentence.removeprefix("Fail ")
        before = sentence


def apart(right, wrong):
    """Number of places in which two commands differ, and the words of the longest."""
    words = [re.findall(r"[\w'.]+|[^\w\s]+", command) for command in (right, wrong)]
    codes = difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes()
    places = [code for code in codes if code[0] != "equal"]
    return len(places), max((max(c[2] - c[1], c[4] - c[3]) for c in places), default=0)


def mutants(project):
    """{row: number of wrong statements}, each seen to be refused for the right reason."""
    found = list(pairs(project.text(FILE)))
    for line, module, right, wrong in found:
        here = f"{FILE}:{line}"
        if module is None:
            raise Failed(f"{here}: a Fail outside the module of a row")
        places, longest = apart(right, wrong)
        if right.split()[0] != wrong.split()[0] or places != 1 or longest > PLACE:
            raise Failed(f"{here}: not the command before it but for one place", f"{right}\n{wrong}")
    with tempfile.TemporaryDirectory() as scratch:
        status, out, err = project.coqc(FILE, scratch)
    if status:
        raise Failed(f"{FILE}: a right statement is refused, or a wrong one accepted", err)
    messages = out.split(MARK)[1:]
    if len(messages) != len(found):
        raise Failed(f"{len(found)} Fail, {len(messages)} refusals", out)
    for (line, _, _, wrong), message in zip(found, messages):
        if WORD.search(message) or not TYPE.search(message):
            raise Failed(f"{FILE}:{line}: refused, but not for its type", f"{wrong}\n{message}")
    counted = {}
    for _, module, _, _ in found:
        counted[module] = counted.get(module, 0) + 1
    return counted


def proof(project, name):
    """Statement and proof of File.example."""
    file, _, theorem = name.partition(".")
    path = f"theories/{file}.v"
    if path not in project.listed:
        raise Failed(f"{name}: no such file in the project")
    found = []
    for _, sentence in project.sentences(path):
        if re.match(rf"(?:Example|Theorem|Corollary) {re.escape(theorem)}(?![\w'])", sentence) or found:
            found.append(sentence)
            if sentence.endswith(("Qed.", "Defined.")):
                return " ".join(found)
    raise Failed(f"{name} is no Example or Theorem of {path}")


def run(project):
    rows = readme.table(project, "met by")
    theorems = {row["id"] for row in readme.table(project, "statement, in words")}
    if missing := sorted(theorems - {row["id"] for row in rows}):
        raise Failed(f"no example for {' '.join(missing)}")
    seen = set()
    for row in rows:
        uses = re.findall(r"`([\w'.]+)`", row["theorem"])
        met = re.findall(r"`([\w'.]+)`", row["met by"])
        bites = re.findall(r"`([\w'.]+)`", row["without it"])
        if not uses or not met or not bites:
            raise Failed(f"{row['id']}: a theorem, a network that satisfies it and one that does not")
        for theorem in uses:
            proof(project, theorem)
            word = re.compile(rf"(?<![\w']){re.escape(theorem.split('.')[1])}(?![\w'])")
            if not any(word.search(proof(project, name)) for name in met):
                raise Failed(f"{row['id']}: none of {' '.join(met)} uses {theorem}")
        for name in bites:
            proof(project, name)
        seen.update(met + bites)
    counted = mutants(project)
    if missing := sorted(theorems - set(counted)):
        raise Failed(f"no wrong statement for {' '.join(missing)} in {FILE}")
    return f"{len(rows)} rows, {len(seen)} examples, {sum(counted.values())} wrong statements refused"
