"""README.md says what the sources say: each theorem of its table exists, is audited, is quoted
literally (but for white space), and assumes what the table says."""

import re

import audit
from project import Failed

FILE = "README.md"


def table(project, column):
    """Rows, as dictionaries, of the first table with a column of this name."""
    lines = project.text(FILE).splitlines()
    for at, line in enumerate(lines):
        head = cells(line)
        if column in head:
            rows = []
            for row in lines[at + 2 :]:
                if not row.startswith("|"):
                    break
                if len(cells(row)) != len(head):
                    raise Failed(f"{FILE}: a row of {len(cells(row))} cells under {len(head)}: {row[:60]}")
                rows.append(dict(zip(head, cells(row))))
            if not rows:
                raise Failed(f"{FILE}: the table with the column {column!r} is empty")
            return rows
    raise Failed(f"{FILE} has no table with the column {column!r}")


def cells(line):
    line = line.strip()
    if not line.startswith("|"):
        return []
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


def quotations(project):
    """(file, quoted text) of each ```coq block; the line above it names the file."""
    for found in re.finditer(r"`theories/([\w']+\.v)`[^\n]*\n+```coq\n(.*?)```", project.text(FILE), re.S):
        for part in re.split(r"\n\s*\n", found.group(2).strip()):
            yield f"theories/{found.group(1)}", part


def run(project):
    squeeze = lambda text: " ".join(text.split())
    quoted = {}
    for file, part in quotations(project):
        if file not in project.listed:
            raise Failed(f"a quotation from {file}, which is not in the project")
        if squeeze(part) not in squeeze(project.text(file)):
            raise Failed(f"{file} does not say what is quoted from it", part)
        if found := re.match(r"(?:Theorem|Corollary|Example) ([\w']+)", part):
            quoted[f"{file[len('theories/'):-2]}.{found.group(1)}"] = part
    blocks = project.text(FILE).count("```coq")
    if blocks != len(re.findall(r"`theories/[\w']+\.v`[^\n]*\n+```coq\n", project.text(FILE))):
        raise Failed("a ```coq block without `theories/File.v` on the line above it")
    lines = (project.root / audit.EXPECTED).read_text().splitlines()
    assumed = dict(line.split(": ", 1) for line in lines)
    named = 0
    for row in table(project, "statement, in words"):
        file = re.findall(r"`([\w']+)\.v`", row["proved in"])
        theorems = re.findall(r"`([\w']+)`", row["proved in"])
        if len(file) != 1 or not theorems:
            raise Failed(f"{row['id']}: one file and its theorems, not {row['proved in']}")
        for theorem in theorems:
            name = f"{file[0]}.{theorem}"
            if name not in assumed:
                raise Failed(f"{row['id']}: {name} is not in {audit.EXPECTED}")
            if name not in quoted:
                raise Failed(f"{row['id']}: {name} is not quoted")
            if (assumed[name] == "none") != (row["axioms"] == "none"):
                raise Failed(f"{row['id']}: {name} assumes {assumed[name]}, the table says {row['axioms']}")
            named += 1
    for extra in sorted(quoted.keys() - assumed.keys()):
        raise Failed(f"{extra} is quoted, but not in {audit.EXPECTED}")
    silent = {row["id"] for row in table(project, "statement, in words")} - {
        row["id"] for row in table(project, "does not say")}
    if silent:
        raise Failed(f"what {' '.join(sorted(silent))} does not say is missing")
    return f"{named} theorems named, audited and quoted literally"
