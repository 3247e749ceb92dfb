"""Words that would let something unproved through are refused, in any .v file.

Comments and strings may use them: they are blanked first."""

import re

from project import Failed, sentences, strip

WORDS = """Admitted Axiom Axioms Parameter Parameters Conjecture Conjectures Abort admit give_up
Declare.Module Declare.Instance Declare.ML.Module Admit.Obligations Load Redirect bypass_check
Guard.Checking Positivity.Checking Universe.Checking Cumulative.StrictProp
native_cast_no_check""".split()
REFUSED = {word: re.compile(r"(?<![\w'.])" + word.replace(".", r"\s+") + r"(?![\w'])") for word in WORDS}
ASSUMING = re.compile(r"(?:#\[[^\]]*\] )?(?:Local |Global |Polymorphic )?(Variables?|Hypothes[ie]s|Context|Let)\b")
OPENS = re.compile(r"(Section|Module Type|Module) ([\w']+)\b(?!.*:=)")
CLOSES = re.compile(r"End ([\w']+) ?\.")
FLAGS = re.compile(r"-(type-in-type|impredicative-set|allow-sprop|noinit|boot|rewrite-rules)\b")


def violations(text):
    """(line, what) of each refused word, and each assumption outside a section."""
    code = strip(text)
    for word, pattern in REFUSED.items():
        for found in pattern.finditer(code):
            yield code.count("\n", 0, found.start()) + 1, word.replace(".", " ")
    open_parts = []
    for line, sentence in sentences(code):
        if found := OPENS.match(sentence):
            open_parts.append((found.group(2), found.group(1)))
        elif found := CLOSES.match(sentence):
            while open_parts and open_parts.pop()[0] != found.group(1):
                pass
        elif (found := ASSUMING.match(sentence)) and "Section" not in dict(open_parts).values():
            yield line, f"{found.group(1)} outside a section"


def run(project):
    files = project.on_disk()
    if not files:
        raise Failed("no .v file was read")
    found = [f"{file}:{line}: {what}" for file in files for line, what in violations(project.text(file))]
    if flag := FLAGS.search((project.root / "_CoqProject").read_text()):
        found.append(f"_CoqProject: {flag.group(0)}")
    if found:
        raise Failed(found[0] + (f", and {len(found) - 1} more" if found[1:] else ""), "\n".join(found))
    return f"{len(files)} files, none of {len(WORDS)} words, no assumption outside a section"


def self_test():
    """Each word alone is refused; in a comment or a string it is not."""
    cases = [(word.replace(".", " "), word.replace(".", " ")) for word in WORDS]
    cases += [("Variable outside a section", "Variable x : nat"), ("Hypothesis outside a section", "Hypothesis h : True")]
    for name, code in cases:
        yield f"lint refuses {name}", bool(list(violations(f"Lemma a : True. {code}. Qed.\n")))
    quiet = [f'(* {code}. (* nested {code}. *) "*)" {code}. *) Definition s := "{code}. ".\n' for _, code in cases]
    yield "lint accepts each in comments and strings", not any(list(violations(text)) for text in quiet)
    yield "lint accepts a Variable in a section", not list(violations("Section S. Variable x : nat. End S.\n"))
    yield "lint refuses one after the section", bool(list(violations("Section S. End S. Variable x : nat.\n")))
    yield "lint accepts mixin_axiom, admitted", not list(violations("Check mixin_Axiom. Check admitted.\n"))
