"""The equilibrium of a network with a cycle, and its derivatives, by elimination on differentiable numbers.

The rates at the equilibrium are exact: given by the case, or solved for on the pieces where a float iteration came to lie,
and confirmed by putting them into s = Wx + b, x = sigma(s). Around them the network is affine to first order, so one
elimination on numbers that remember how they were made carries every derivative. Nothing here inverts a matrix, goes
through W transposed or knows the credit.
"""

from fractions import Fraction

from differentiable import Dual
from values import number

SWEEPS = 4000
CORRECTIONS = 24


class NoEquilibrium(Exception):
    """None was found, or the one that the case gives is none."""


def solve(rows, right):
    """x with rows x = right, by elimination; the entries may be fractions or differentiable numbers."""
    value = lambda entry: getattr(entry, "value", entry)
    inverse = lambda entry: entry.reciprocal() if hasattr(entry, "reciprocal") else 1 / entry
    rows = [row + [last] for row, last in zip(rows, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = next((r for r in range(column, size) if value(rows[r][column]) != 0), None)
        if pivot is None:
            raise NoEquilibrium("the system is singular")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = inverse(rows[column][column])
        rows[column] = [entry * scale for entry in rows[column]]
        for r in range(size):
            if r != column and value(rows[r][column]) != 0:
                factor = rows[r][column]
                rows[r] = [entry + factor * above * -1 for entry, above in zip(rows[r], rows[column])]
    return [row[-1] for row in rows]


def net_input(network, theta, rates, neuron):
    terms = [theta["weight", post, pre] * rates[pre] for post, pre, _ in network["synapses"] if post == neuron]
    if "biases" in network:
        terms.append(theta["bias", neuron])
    return sum(terms[1:], terms[0]) if terms else Fraction(0)


def equilibrium(network, theta, clamped, given, fire):
    """Exact rates and net inputs; `fire(neuron, s)` is sigma on Dual numbers."""
    free = [n for n in range(network["neurons"]) if n not in clamped]
    if given is not None:
        return confirm(network, theta, {n: number(x) for n, x in enumerate(given)}, clamped, free, fire)
    rates = {**{n: float(x) for n, x in clamped.items()}, **dict.fromkeys(free, 0.0)}
    coarse = {key: float(value) for key, value in theta.items()}
    for _ in range(SWEEPS):
        sums = {n: net_input(network, coarse, rates, n) for n in free}
        steps = {n: float(fire(n, Dual(Fraction(sums[n]))).value) - rates[n] for n in free}
        for n in free:
            rates[n] += steps[n] / 2
            if abs(rates[n]) > 1e9:
                raise NoEquilibrium("the rates grow without end")
        if max(map(abs, steps.values())) < 1e-12:  # a proposal only: what follows from it is confirmed exactly
            break
    points = {n: Fraction(sums[n]) for n in free}
    for _ in range(CORRECTIONS):
        pieces = {n: affine(fire, n, points[n]) for n in free}
        rows, right = [], []
        for n in free:
            slope, offset = pieces[n]
            weights = {pre: theta["weight", n, pre] for post, pre, _ in network["synapses"] if post == n}
            rows.append([Fraction(n == m) - slope * weights.get(m, 0) for m in free])
            driven = sum(w * clamped[pre] for pre, w in weights.items() if pre in clamped)
            right.append(slope * (driven + (theta["bias", n] if "biases" in network else 0)) + offset)
        found = {**clamped, **dict(zip(free, solve(rows, right), strict=True))}
        points = {n: net_input(network, theta, found, n) for n in free}
        if all(affine(fire, n, points[n]) == pieces[n] for n in free):
            return confirm(network, theta, found, clamped, free, fire)
    raise NoEquilibrium("no consistent pieces")


def affine(fire, neuron, at):
    """(a, k) of sigma(s) = a s + k near this point."""
    moved = fire(neuron, Dual(at, 1))
    return moved.part, moved.value - moved.part * at


def confirm(network, theta, rates, clamped, free, fire):
    if any(rates[n] != x for n, x in clamped.items()):
        raise NoEquilibrium("a clamped neuron has another rate than its input")
    sums = {n: net_input(network, theta, rates, n) for n in free}
    if any(fire(n, Dual(sums[n])).value != rates[n] for n in free):
        raise NoEquilibrium("the rates do not follow from each other")
    return rates, sums


def outputs(network, theta, clamped, settled, slope):
    """The differentiable rates of all neurons around a settled equilibrium; `slope(neuron, s)` is the factor that derivatives pass by."""
    rates, sums = settled
    free = [n for n in range(network["neurons"]) if n not in clamped]
    rows, right = [], []
    for n in free:
        factor = slope(n, sums[n])
        weights = {pre: theta["weight", n, pre] for post, pre, _ in network["synapses"] if post == n}
        driven = [w * clamped[pre] for pre, w in weights.items() if pre in clamped]
        if "biases" in network:
            driven.append(theta["bias", n])
        zero = next(iter(clamped.values())) * 0
        rows.append([weights[m] * -factor + (n == m) if m in weights else zero + (n == m) for m in free])
        right.append(sum(driven, zero) * factor + (rates[n] - factor * sums[n]))
    return {**clamped, **dict(zip(free, solve(rows, right), strict=True))}
