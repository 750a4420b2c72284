"""What a formula may hold, and what is said about anything else.

A whitelist: a part of the syntax tree that no line here allows is an error. Numbers stay finite and small enough that
no formula, whoever wrote it, keeps a computer busy or fills its memory.
May import: `catalogue.errors`. To add a word: here, its derivative in `differentiate`, its meaning in each backend.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any
from unicodedata import name, normalize

from neurologist.catalogue.errors import FormulaError

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf}
WORDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "sigmoid", "softplus", "erf", "erfc"), (1,)
    ),
    "gauss": (1,),  # exp(-u ** 2), without the rounding of u ** 2 growing in the exponent
    "bell": (1,),  # exp(-u ** 2 / 2) likewise
    "hypot": (2,),  # sqrt(u ** 2 + v ** 2), without overflow
    **dict.fromkeys(("tanh", "sin", "cos", "sinh", "cosh", "asinh", "atan"), (1,)),
    "max": (1, 2),  # of two, entry by entry; of one, the largest along the vector
    "min": (1, 2),
    "where": (3,),  # where(condition, then, else)
    "sum": (1,),  # along the vector
    "logsumexp": (1,),
    "softmax": (1,),
    "top": (1,),  # 1 at the vector's first largest entry, 0 elsewhere
    "sort": (1,),  # the vector's entries, largest first
    "cumsum": (1,),
    "rank": (1,),  # 1, 2, 3, ... along the vector
    "first": (1,),  # the first half of the vector, and the second
    "second": (1,),
    "join": (2,),  # two vectors in one
    "pick": (2,),  # pick(z, t): the entry of vector z that class index t names
}
ARITHMETIC: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
COMPARISONS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
OPERATORS = {**ARITHMETIC, **COMPARISONS}
LONGEST = 20_000  # characters; formulas have about 200, third derivatives some thousands
LARGEST_POWER = 64  # exponents without names in them; keeps a formula from growing numbers without end
DEEPEST = 200  # parts within parts; formulas have at most 18 levels, fourth derivatives 39, and Python stops at 1000
SHOWN = 100  # characters of a formula that a message repeats
ELSEWHERE = {  # what other languages call it -> what to write here
    "ln": "log(u)",
    "pow": "u ** v",
    "power": "u ** v",
    "square": "u ** 2",
    "relu": "max(u, 0)",
    "maximum": "max(u, v)",
    "minimum": "min(u, v)",
    "clip": "min(max(u, low), high)",
    "clamp": "min(max(u, low), high)",
    "heaviside": "where(u > 0, 1, 0)",
    "tan": "sin(u) / cos(u)",
    "arctan": "atan(u)",
    "arcsinh": "asinh(u)",
    "logistic": "sigmoid(u)",
    "expit": "sigmoid(u)",
    "sgn": "sign(u)",
    "fabs": "abs(u)",
}
LOOK_ALIKE: Mapping[str, str] = {  # letters and signs that people paste -> what to write here
    **{"π": "pi", "∞": "inf", "·": "*", "×": "*", "−": "-", "–": "-", "÷": "/", "√": "sqrt(u)"},
    **{"²": "u ** 2", "³": "u ** 3", "α": "alpha", "β": "beta", "γ": "gamma", "λ": "lam", "σ": "sigmoid(u)"},
    **dict(zip("авеокрсухАВЕКМНОРСТХ", "abeokpcyxABEKMHOPCTX", strict=True)),  # Cyrillic
}
WRITE: Mapping[type[ast.AST], str] = {  # parts of Python that have their own way of being said
    ast.BitXor: "write u ** v for a power",
    ast.IfExp: "write where(condition, then, otherwise)",
    ast.BoolOp: "put one where into another",
    ast.MatMult: "write u * v",
    ast.Mod: "write it with where",
    ast.Attribute: "write its name alone",
    ast.Starred: "write the parts one by one",
    ast.Subscript: "give each of them a name",
}


def shortened(text: str) -> str:
    """A formula as messages show it, in quotes."""
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}... ({len(text)} characters)"


def check_text(text: str) -> None:
    """Raise a `FormulaError` for what can be told before the formula is read: its length, comments, look-alikes."""
    if len(text) > LONGEST:
        raise FormulaError(f"formula {shortened(text)} is too long: expected at most {LONGEST} characters; split it")
    if "#" in text:
        raise FormulaError(f"formula {shortened(text)} holds a comment: expected the formula alone; leave it out")
    strange = next((letter for letter in text if not letter.isascii()), None)
    if strange is not None:  # some look like other letters, and Python reads some as others
        plain = LOOK_ALIKE.get(strange) or normalize("NFKC", strange)
        cure = f"write {plain}" if plain.isascii() else "write what it stands for" if strange.isprintable() else ""
        raise FormulaError(
            f"formula {shortened(text)} holds {strange!a} ({name(strange, 'no letter')}): expected ASCII; "
            f"{cure or 'leave it out'}"
        )


def check(node: ast.AST, text: str, depth: int = 0) -> float | None:
    """Raise a `FormulaError` for anything that is not allowed; the value of a part without names, else None."""
    if depth > DEEPEST:
        raise FormulaError(f"formula {shortened(text)} is nested deeper than {DEEPEST} parts: expected fewer; split it")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _number(value, text)
        case ast.Name(id=word) if word not in WORDS and not word.startswith("_"):
            return CONSTANTS.get(word)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
            inner = check(operand, text, depth + 1)
            return -inner if inner is not None and isinstance(op, ast.USub) else inner
        case ast.BinOp(op=op, left=left, right=right) if type(op) in ARITHMETIC:
            return _folded(node, (check(left, text, depth + 1), check(right, text, depth + 1)), text)
        case ast.Call(func=ast.Name(), args=args, keywords=[]) if _is_allowed(node):
            for part in args:
                for side in (part.left, *part.comparators) if isinstance(part, ast.Compare) else (part,):
                    check(side, text, depth + 1)
            return None
        case ast.Compare(left=left, ops=[op], comparators=[right]) if depth == 0 and type(op) in COMPARISONS:
            check(left, text, 1)  # a condition by itself, taken out of a `where` to be shown or solved
            check(right, text, 1)
            return None
    raise refusal(node, text)


def _is_allowed(node: ast.Call) -> bool:
    """Whether a call has a known word and as many arguments as it takes; `where` alone begins with a comparison."""
    word = node.func.id if isinstance(node.func, ast.Name) else ""
    first, *others = node.args or [node.func]
    compares = isinstance(first, ast.Compare) and len(first.ops) == 1 and type(first.ops[0]) in COMPARISONS
    return (
        len(node.args) in WORDS.get(word, ())
        and (compares if word == "where" else not isinstance(first, ast.Compare))
        and not any(isinstance(other, ast.Compare) for other in others)
    )


def _number(value: float, text: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if number == math.inf:
        raise FormulaError(
            f"formula {shortened(text)} holds a number beyond 1.8e308: expected less; write inf for infinity"
        )
    return number


def _folded(node: ast.BinOp, sides: tuple[float | None, float | None], text: str) -> float | None:
    """The value of an operation on numbers, which has to be one too; large powers are refused before computing them."""
    left, right = sides
    if isinstance(node.op, ast.Pow) and right is not None and abs(right) > LARGEST_POWER:
        raise FormulaError(
            f"formula {shortened(text)} holds the power {shortened(ast.unparse(node.right))}: expected at most "
            f"{LARGEST_POWER}; write exp(v * log(u)) for larger ones"
        )
    if left is None or right is None or math.inf in (abs(left), abs(right)):
        return None
    try:
        value = ARITHMETIC[type(node.op)](left, right)
        if isinstance(value, float) and math.isfinite(value):  # a root of a negative number is complex
            return value
    except ArithmeticError:
        pass
    raise FormulaError(
        f"formula {shortened(text)} holds {shortened(ast.unparse(node))}, which is no number: expected a finite one; "
        "write inf for infinity"
    )


def refusal(node: ast.AST, text: str) -> FormulaError:
    """The error for a part that a formula may not hold."""
    if not isinstance(node, ast.expr):
        return FormulaError(
            f"formula {shortened(text)} holds {type(node).__name__}: expected one expression; leave it out"
        )
    calls = "calls such as exp(x)"
    if isinstance(node, ast.Call):
        calls = f"calls of {', '.join(sorted(WORDS))}"
    return FormulaError(
        f"formula {shortened(text)} holds {shortened(ast.unparse(node))}: expected numbers, names, + - * / **, "
        f"where(x > 0, u, v) and {calls}; {_instead(node)}"
    )


def _instead(node: ast.expr) -> str:
    """What to write instead, where that can be guessed."""
    match node:
        case ast.Call(func=ast.Name(id=word)):
            return _instead_of_call(word, node)
        case ast.Call(func=ast.Attribute(attr=word)) if word in WORDS or word in ELSEWHERE:
            return f"write {ELSEWHERE.get(word, f'{word}(u)')}"
        case ast.Name(id=word) if word in WORDS:
            return f"{word} is a function: write {word}({', '.join('uvw'[: WORDS[word][-1]])})"
        case ast.Name():
            return "names begin with a letter"
        case ast.Compare():
            return "compare only in the first part of where, and only once: where(x > 0, u, v)"
    operator_of = getattr(node, "op", node)
    return WRITE.get(type(node)) or WRITE.get(type(operator_of)) or "leave it out"


def _instead_of_call(word: str, node: ast.Call) -> str:
    if word in WORDS and (node.keywords or any(isinstance(part, ast.Starred) for part in node.args)):
        return f"give what {word} takes by position"
    if word in WORDS and len(node.args) not in WORDS[word]:
        return f"{word} takes {' or '.join(map(str, WORDS[word]))}, got {len(node.args)}"
    if word in WORDS:
        return "compare in the first part of where and nowhere else: where(x > 0, u, v)"
    if word in ELSEWHERE:
        return f"write {ELSEWHERE[word]} for {word}"
    near = get_close_matches(word.lower(), WORDS, n=1)
    return f"nearest is {near[0]}" if near else f"write {word} out in these"
