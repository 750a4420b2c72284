"""A function of the catalogue as code to paste: torch and NumPy, without this package.

The code comes from the formulas that the catalogue itself computes with, the stable ones: values do not overflow, and
torch's backward is the exact slope, not what autograd makes of the steps. It computes in the input's own dtype.
May import: `catalogue`, `functional.code_words`, `functional.parts`.
"""

from __future__ import annotations

from textwrap import indent

from neurologist.catalogue import Activation, FormulaError, Loss
from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.code_words import NUMPY, TORCH, Dialect, Writer
from neurologist.functional.parts import parts, tidy

WIDTH = 79  # columns of a line that is broken where it can be
SAVED = 12  # characters that naming a repeated part must save, in code
LONGEST_ABOUT = 60  # characters of a formula that a docstring repeats
TAB = " " * 4


def code(spec: Activation | Loss) -> dict[str, str]:
    """Code by language, "torch" and "numpy"; {} for losses over vectors, which need more than their formula."""
    if isinstance(spec, Loss) and spec.vector:
        return {}
    return {"torch": _torch(_Member(spec, TORCH)), "numpy": _numpy(_Member(spec, NUMPY))}


class _Member:
    """What the code of one member is made of, in one language.

    Attributes:
        spec: its entry in the catalogue.
        tensors: what its functions take as tensors or arrays, the input first.
        names: all that they take.
        lift: lines that make tensors of learnt parameters.
    """

    def __init__(self, spec: Activation | Loss, dialect: Dialect) -> None:
        self.spec = spec
        self.tensors = [*(spec.operands if isinstance(spec, Loss) else ("x", *spec.learnable))]
        learnt = spec.learnable if isinstance(spec, Activation) and dialect is TORCH else ()
        self.lift = [f"{n} = torch.as_tensor({n}, dtype=x.dtype, device=x.device)" for n in learnt]
        options = ["dim"] if isinstance(spec, Activation) and spec.vector else []
        self.names = [*dict.fromkeys([*self.tensors[: len(self._operands)], *options, *spec.parameters])]
        entries = {*self.tensors, "y", "g"} if dialect is TORCH else {*self._operands, "y", "g"}
        self.writer = Writer(dialect, entries, like=self.names[0])

    @property
    def _operands(self) -> tuple[str, ...]:
        return self.spec.operands if isinstance(self.spec, Loss) else ("x",)

    def expression(self, formula: str) -> tuple[list[str], str]:
        """The lines that name what a formula repeats, and the expression that is left."""
        named, last = parts(tidy(formula), readable=40, saved=SAVED, taken={*self.names, "y", "g"})
        lines = [_wrapped(f"{name} = ", self.writer.local(name, part)) for name, part in named]
        return lines, self.writer.whole(last)

    def function(self, name: str, about: str, lines: list[str], result: str) -> str:
        """A function of all that the member takes."""
        defaults = {"dim": -1, **self.spec.parameters}
        taken = ", ".join(f"{n}={defaults[n]!r}" if n in defaults else n for n in self.names)
        body = "\n".join([f'"""{about}"""', *lines, _wrapped("return ", result)])
        return f"{self.writer.decorator(body)}{_wrapped(f'def {name}', f'({taken})')}:\n{indent(body, TAB)}"

    def call(self, suffix: str = "") -> str:
        """The call of one of the member's functions, from within another."""
        return f"{self.spec.name}{suffix}({', '.join(self.names)})"

    def value(self) -> tuple[list[str], str]:
        """The value."""
        return self.expression(self.spec.value)

    def slope(self, name: str) -> tuple[list[str], str]:
        """The derivative by one of the tensors."""
        own = self.spec.stable_derivative if name == self.names[0] else None
        return self.expression(own or differentiate(self.spec.value, name))

    def derivative(self) -> str | None:
        """The derivative by the input as a function: of vectors the Jacobian's diagonal, where it is a formula."""
        name, spec = f"{self.spec.name}_derivative", self.spec
        if isinstance(spec, Loss) or not spec.vector:
            lines, result = self.slope(self.names[0])
            return self.function(name, f"The slope by {self.names[0]}.", [*self.lift, *lines], result)
        try:
            lines, result = self.expression(spec.derivative)
        except FormulaError:
            if spec.derivative_from_output is None:
                return None
            lines, result = self.expression(spec.derivative_from_output)
            lines = [f"y = {self.call()}", *lines]
        return self.function(name, "The diagonal of the Jacobian.", lines, result)

    def whole(self, *functions: str | None) -> str:
        """All of it, with what has to stand before it."""
        text = "\n\n\n".join([*self.writer.helpers(), *filter(None, functions)]) + "\n"
        head = self.writer.imports(text)
        return f"{head}\n\n\n{text}" if head else text


def _numpy(member: _Member) -> str:
    return member.whole(member.function(member.spec.name, _about(member.spec), *member.value()), member.derivative())


def _torch(member: _Member) -> str:
    spec, about = member.spec, _about(member.spec)
    if isinstance(spec, Activation) and spec.exact_in_torch:
        given = {
            **{name: repr(value) for name, value in spec.torch_arguments.items()},
            **{n: n for n in spec.parameters},
        }
        taken = ", ".join(["x", *(f"{name}={value}" for name, value in given.items())])
        return member.whole(
            member.function(spec.name, about, [], f"torch.nn.functional.{spec.torch_function}({taken})"),
            member.derivative(),
        )
    name = "".join(part.title() for part in spec.name.split("_"))
    value = member.function(spec.name, about, member.lift, f"{name}.apply({', '.join(member.names)})")
    return member.whole(value, member.derivative(), _bridge(member, name))


def _bridge(member: _Member, name: str) -> str:
    """A subclass of `torch.autograd.Function` with an exact backward."""
    kept = [n for n in member.names if n in member.tensors]
    plain = [n for n in member.names if n not in member.tensors]
    lines, result = member.value()
    keep = [f"ctx.save_for_backward({', '.join(kept)})", *(f"ctx.{n} = {n}" for n in plain)]
    forward = "\n".join([*keep, *lines, _wrapped("return ", result)])
    back = [
        f"{', '.join(kept) if len(kept) > 1 else f'({kept[0]},)'} = ctx.saved_tensors",
        *(f"{n} = ctx.{n}" for n in plain),
    ]
    given = [n for n in kept if n != "t"]
    for n in given:
        back += _gradient(member, n)
    back.append(f"return {', '.join(f'by_{n}' if n in given else 'None' for n in member.names)}")
    methods = [
        f"@staticmethod\ndef forward({', '.join(['ctx', *member.names])}):\n{indent(forward, TAB)}",
        f"@staticmethod\ndef backward(ctx, g):\n{indent(chr(10).join(back), TAB)}",
    ]
    return f"class {name}(torch.autograd.Function):\n" + indent("\n\n".join(methods), TAB)


def _gradient(member: _Member, name: str) -> list[str]:
    """The lines that make `by_<name>` from the output's gradient `g`."""
    spec, first = member.spec, name == member.names[0]
    if first and isinstance(spec, Activation) and spec.pullback is not None:
        lines, result = member.expression(spec.pullback)
        return [*lines, _wrapped("by_x = ", result)]
    if first:
        return [f"by_{name} = g * {member.call('_derivative')}"]
    lines, result = member.slope(name)
    return [*lines, _wrapped(f"by_{name} = ", f"(g * ({result})).sum_to_size({name}.shape)")]


def _about(spec: Activation | Loss) -> str:
    said = tidy(spec.formula) if len(spec.formula) <= LONGEST_ABOUT else spec.name
    if isinstance(spec, Loss):
        return f"{said}, entry by entry."
    return f"{said} (training adds {spec.noise} to x, u drawn from (0, 1))." if spec.noise else f"{said}."


def _wrapped(before: str, expression: str) -> str:
    """A statement, over several lines where it is long."""
    if len(before) + len(expression) <= WIDTH:
        return before + expression
    if len(_pieces(expression)) > 1:
        return "\n".join([f"{before}(", *(TAB + line for line in _lines(expression, WIDTH - len(TAB))), ")"])
    first, *rest = _lines(expression, WIDTH - len(before))
    return "\n".join([before + first, *rest])


def _lines(expression: str, width: int) -> list[str]:
    """An expression broken before its outermost operators, or else within its longest brackets."""
    if len(expression) <= width:
        return [expression]
    pieces = _pieces(expression)
    if len(pieces) > 1:
        return [line for piece in pieces for line in _lines(piece, width)]
    start, end = max(_brackets(expression), key=lambda span: span[1] - span[0], default=(0, 0))
    if end == start:
        return [expression]
    lines: list[str] = []
    arguments = _split(expression[start + 1 : end], (", ",))
    for argument in arguments:
        inner = _lines(argument.removeprefix(",").lstrip(), width - len(TAB))
        lines += [TAB + line for line in inner]
        lines[-1] += "," if argument is not arguments[-1] else ""
    return [expression[: start + 1], *lines, expression[end:]]


def _pieces(expression: str) -> list[str]:
    sums = _split(expression, (" + ", " - "))
    return sums if len(sums) > 1 else _split(expression, (" * ", " / "))


def _split(expression: str, at: tuple[str, ...]) -> list[str]:
    """The parts of an expression outside of brackets; each but the first begins with what parts it."""
    depth, starts = 0, [0]
    for place, letter in enumerate(expression):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and expression.startswith(at, place):
            starts.append(place)
    ends = [*starts[1:], len(expression)]
    return [expression[a:b].strip() for a, b in zip(starts, ends, strict=True)]


def _brackets(expression: str) -> list[tuple[int, int]]:
    """Where the outermost brackets open and close."""
    depth, spans, start = 0, [], 0
    for place, letter in enumerate(expression):
        if letter in "([":
            start = place if depth == 0 else start
            depth += 1
        if letter in ")]":
            depth -= 1
            if depth == 0:
                spans.append((start, place))
    return spans
