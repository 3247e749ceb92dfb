"""A certificate is data in a fixed frame. Whatever else a file holds is refused before Coq reads it.

The frame is that of a certificate of the same kind in certs/, sentence by sentence: what it
requires, and the theorems under its numbers. Between these stand definitions of data, under
the names that the program gives them, made of numbers, names and brackets. There is then no command that assumes, prints, writes, loads or
defines notations, and no word has another meaning than the library gives it. What is handed on
is the text without its comments, so that Coq reads what was read here."""

import dataclasses
import re

from project import Failed, sentences, strip

# A definition is a name, a type of the frame, and these characters.
DATA = re.compile(r"Definition ([A-Za-z]\w*) : ([\w ()*]+?) := [\w ()\[\];,-]*\.", re.A)
STRANGE = re.compile(r"[^\t\n\r -~]")
SHOWN = 60

REFERENCES = {
    "a layered network": "certs/worked_example.v",
    "a graph": "certs/recurrent_dense_8.v",
    "credits in floats": "certs/recurrent_cycle_f64.v",
}


@dataclasses.dataclass(frozen=True)
class Frame:
    """What is the same in every certificate of a kind."""

    kind: str
    before: tuple
    data: frozenset  # names, without their numbers, and types
    after: tuple

    @property
    def requires(self):
        return {s for s in self.before + self.after if s.startswith("From CreditCheck ")}


@dataclasses.dataclass(frozen=True)
class Screened:
    """A file that is a certificate by its form; what its numbers are worth is Coq's to say."""

    frame: Frame
    text: str  # without comments, line for line
    theorems: int  # the line where the frame goes on after the data


def safe(text):
    """Text of a file or its name, without characters that act on a terminal."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


def shown(text, most=SHOWN):
    """A quotation for a message: one line, clipped, safe."""
    text = " ".join(text.split())
    return safe(text if len(text) <= most else text[: most - 3] + "...")


def frame(project, kind):
    parts = [sentence for _, sentence in project.sentences(REFERENCES[kind])]
    data = [k for k, sentence in enumerate(parts) if sentence.startswith("Definition ")]
    return Frame(kind, tuple(parts[: data[0]]), frozenset(named(parts[k]) for k in data), tuple(parts[data[-1] + 1 :]))


def named(sentence):
    """Name, without its number, and type of a definition of data; None for anything else."""
    found = DATA.fullmatch(sentence)
    return found and (found.group(1).rstrip("0123456789"), found.group(2))


def frames(project):
    return [frame(project, kind) for kind in REFERENCES]


def plain(source):
    """The text of a certificate without its comments.

    Fails for what would have to be read as Coq reads it: strings, and characters beyond ASCII outside comments."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Failed(f"line {line}: not UTF-8") from None
    for word, why in (('"', "a string"), ("(*)", "a comment or an operator")):
        if (at := text.find(word)) >= 0:
            raise Failed(f"line {text.count(chr(10), 0, at) + 1}: {word} opens {why}, and no certificate has one")
    if open_comment(text):
        raise Failed("a comment is never closed")
    code = strip(text)
    if found := STRANGE.search(code):
        line = code.count("\n", 0, found.start()) + 1
        raise Failed(f"line {line}: the character {shown(found.group())} outside a comment")
    return code


def open_comment(text):
    depth = 0
    for mark in re.finditer(r"\(\*|\*\)", text):
        depth = max(0, depth + (1 if mark.group() == "(*" else -1))
    return depth > 0


def kind_of(found, all_frames):
    """The frame whose libraries a file requires."""
    said = {sentence for _, sentence in found}
    for one in all_frames:
        if one.requires <= said:
            return one
    wanted = "; ".join(" ".join(sorted(one.requires)) for one in all_frames)
    raise Failed(f"no certificate: it does not require what one requires ({wanted})")


def screened(project, source):
    """The certificate in the bytes of a file.

    Fails at the first sentence that does not belong to one."""
    code = plain(source)
    found = list(sentences(code))
    ours = kind_of(found, frames(project))
    end = len(code.rstrip())
    if not code.rstrip().endswith("."):
        raise Failed(f"line {code.count(chr(10), 0, end) + 1}: the file ends within a sentence")
    same(found[: len(ours.before)], ours.before, ours)
    rest = found[len(ours.before) :]
    count = next((k for k, (_, sentence) in enumerate(rest) if named(sentence) not in ours.data), len(rest))
    same(rest[count:], ours.after, ours)
    return Screened(ours, code, rest[count][0])


def same(found, expected, ours):
    """Fails at the first sentence that is not the expected one."""
    for k, wanted in enumerate(expected):
        if k >= len(found):
            raise Failed(f'the file ends where a certificate of {ours.kind} has "{shown(wanted)}"')
        line, sentence = found[k]
        if sentence != wanted:
            raise Failed(f'line {line}: "{shown(sentence)}" is not part of a certificate of {ours.kind}, '
                         f'which has definitions of data or "{shown(wanted)}" here')
    if len(found) > len(expected):
        line, sentence = found[len(expected)]
        raise Failed(f'line {line}: "{shown(sentence)}" after the last theorem of a certificate')
