"""Fractions that know how they depend on others, by the rules for +, * and 1/x alone."""

from fractions import Fraction


class Taped:
    """A number that remembers its operands: derivatives by one backward pass."""

    def __init__(self, value, tape, operands=()):
        self.value, self.tape, self.operands, self.adjoint = value, tape, operands, Fraction(0)
        tape.append(self)

    def _lift(self, other):
        return other if isinstance(other, Taped) else Taped(Fraction(other), self.tape)

    def __add__(self, other):
        other = self._lift(other)
        return Taped(self.value + other.value, self.tape, ((self, 1), (other, 1)))

    def __mul__(self, other):
        other = self._lift(other)
        return Taped(self.value * other.value, self.tape, ((self, other.value), (other, self.value)))

    def reciprocal(self):
        inverse = 1 / self.value
        return Taped(inverse, self.tape, ((self, -inverse * inverse),))

    def through(self, value, factor):
        """A number of this value that passes derivatives on with this factor (an own balance function)."""
        return Taped(value, self.tape, ((self, factor),))

    def backward(self):
        self.adjoint = Fraction(1)
        for node in reversed(self.tape):
            if node.adjoint:
                for operand, local in node.operands:
                    operand.adjoint += local * node.adjoint


class Dual:
    """value + part * epsilon with epsilon squared = 0: one directional derivative, forwards."""

    def __init__(self, value, part=0):
        self.value, self.part = value, Fraction(part)

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(Fraction(other))
        return Dual(self.value + other.value, self.part + other.part)

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(Fraction(other))
        return Dual(self.value * other.value, self.part * other.value + self.value * other.part)

    def reciprocal(self):
        inverse = 1 / self.value
        return Dual(inverse, -inverse * inverse * self.part)

    def through(self, value, factor):
        return Dual(value, factor * self.part)
