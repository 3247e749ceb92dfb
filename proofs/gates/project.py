"""The project as the gates see it: its files, their sentences, and Coq itself."""

import functools
import pathlib
import re
import subprocess


class Failed(Exception):
    """A gate's reason in one line, and the output that explains it."""

    def __init__(self, reason, output=""):
        super().__init__(reason)
        self.output = output


def strip(text):
    """Coq text with comments and strings blanked, line breaks kept.

    Comments nest, and a string inside a comment hides what closes it, as in Coq."""
    out, depth, i = [], 0, 0
    blank = lambda part: re.sub(r"[^\n]", " ", part)
    while i < len(text):
        if text.startswith("(*", i) and not text.startswith("(*)", i):
            depth, i = depth + 1, i + 2
            out.append("  ")
        elif depth and text.startswith("*)", i):
            depth, i = depth - 1, i + 2
            out.append("  ")
        elif text[i] == '"':
            end = text.find('"', i + 1)
            end = len(text) if end < 0 else end + 1
            out.append(blank(text[i:end]))
            i = end
        else:
            out.append(blank(text[i]) if depth else text[i])
            i += 1
    return "".join(out)


def sentences(text):
    """(line, sentence) of stripped text; a sentence ends at a dot before a space."""
    start = 0
    for end in re.finditer(r"\.(?=\s|$)", text):
        part = text[start : end.end()]
        lead = len(part) - len(part.lstrip())
        yield text.count("\n", 0, start + lead) + 1, " ".join(part.split())
        start = end.end()


EXPORTED = re.compile(r"(?:#\[[^\]]*\] )?(?:Local |Global )?(?:Theorem|Corollary|Example) ([\w']+)")


class Project:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        words = (self.root / "_CoqProject").read_text().split()
        self.listed = [word for word in words if word.endswith(".v")]
        # A certificate belongs to the project by lying in certs/.
        self.certificates = sorted(p.relative_to(self.root).as_posix() for p in self.root.glob("certs/*.v"))
        self.listed += [file for file in self.certificates if file not in self.listed]
        self.flags = []
        for name, value, other in zip(words, words[1:], words[2:] + [""]):
            if name == "-Q":
                self.flags += ["-Q", value, other]
            if name == "-arg":
                self.flags.append(value)

    def on_disk(self):
        """Every file of the project; those in gates/ are there to be refused."""
        files = (p.relative_to(self.root) for p in self.root.rglob("*.v"))
        return sorted(file.as_posix() for file in files if file.parts[0] != "gates")

    @functools.cache
    def text(self, file):
        return (self.root / file).read_text()

    @functools.cache
    def sentences(self, file):
        """(line, sentence) of a file without its comments and strings."""
        return list(sentences(strip(self.text(file))))

    def theories(self):
        return [file for file in self.listed if file.startswith("theories/")]

    def exported(self):
        """(file, theorem) for each Theorem, Corollary and Example of the theories."""
        for file in self.theories():
            for _, sentence in self.sentences(file):
                if found := EXPORTED.match(sentence):
                    yield file, found.group(1)

    def paths(self):
        return [flag for flag in self.flags if flag == "-Q" or not flag.startswith("-")]

    def module(self, file):
        """Logical name of a file, from the -Q that holds it."""
        path = pathlib.PurePosixPath(file)
        at = self.flags
        for i in range(len(at) - 2):
            if at[i] == "-Q" and path.is_relative_to(at[i + 1]):
                inner = path.relative_to(at[i + 1]).with_suffix("")
                return ".".join([at[i + 2], *inner.parts])
        raise Failed(f"{file}: no -Q of _CoqProject holds it")

    def run(self, *command):
        """Exit status, standard output, standard error."""
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def coqc(self, file, scratch):
        """Compile a file anew; its products go to the folder scratch."""
        target = pathlib.Path(scratch) / (pathlib.Path(file).stem + ".vo")
        return self.run("coqc", *self.flags, "-noglob", "-test-mode", "-o", str(target), str(file))
