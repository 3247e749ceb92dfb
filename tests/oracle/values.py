"""Exact numbers as text, and the digest of a case, as the format creditcheck/case/1 has them."""

import hashlib
import json
import re
from fractions import Fraction

VALUE_FIELDS = {"weights", "biases", "input", "target", "slope", "min", "max", "learning_rate",
                "leak", "recurrent", "readout", "readout_biases", "initial"}


def number(value):
    """The exact value of a number of a case: "p/q", "-3", "0.125", "0x1.8p-3" or a JSON integer."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"not an exact number: {value!r}")
    if isinstance(value, int):
        return Fraction(value)
    hexfloat = re.fullmatch(r"(-?)0x([0-9a-fA-F]+)(?:\.([0-9a-fA-F]+))?p([+-]?\d+)", value)
    if hexfloat:
        sign, whole, fraction, exponent = hexfloat.groups()
        fraction = fraction or ""
        digits = int(whole + fraction, 16)
        scaled = Fraction(digits) * Fraction(2) ** (int(exponent) - 4 * len(fraction))
        return -scaled if sign else scaled
    if not re.fullmatch(r"-?\d+(/\d+|\.\d+)?", value):
        raise ValueError(f"not an exact number: {value!r}")
    return Fraction(value)


def canonical(value):
    """"p/q" in lowest terms with positive q, or "p"."""
    return str(Fraction(value))


def canonical_form(node, field=None):
    """The case with every value number replaced by its canonical string; indices stay integers."""
    if isinstance(node, dict):
        return {key: canonical_form(child, key) for key, child in node.items()}
    if isinstance(node, list):
        if field == "synapses":
            return [[post, pre, canonical(number(weight))] for post, pre, weight in node]
        return [canonical_form(child, field) for child in node]
    if field == "kink":
        return node if isinstance(node, str) and node.isalpha() else canonical(number(node))
    return canonical(number(node)) if field in VALUE_FIELDS else node


def digest(case):
    """SHA-256 of the RFC 8785 form of `canonical_form(case)`."""
    text = json.dumps(canonical_form(case), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
