"""A card as a Markdown page: formulas in LaTeX between dollars, tables, and code to paste.

May import: `report.card_words`. To show one more fact of a card, add a section to `_activation` or `_loss`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from textwrap import wrap
from typing import Any

from neurologist.report.card_words import digits

LONGEST = 600  # characters of a formula in LaTeX that a page shows as mathematics
WIDTH = 100  # of a longer one's lines, as plain text


def markdown(card: dict[str, Any]) -> str:
    """The page of one card, ending in a newline."""
    sections = _loss(card) if card["kind"] == "loss" else _activation(card)
    head = [f"# {card['name']}", f"*{card['kind']}*", card["summary"], *_also(card)]
    return "\n\n".join([*head, *sections]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars within cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _activation(card: dict[str, Any]) -> list[str]:
    entry = "_i" if card["vector"] else ""
    parts = [_display(f"f(x){entry}", card["formula"])]
    parts += [f"*{note[0].upper()}{note[1:]}.*" for note in (card["vector_note"], card["random"]) if note]
    parts += ["## Traits", table(("trait", ""), [_bold_first(pair) for pair in card["in_words"]])]
    parts += ["## Derivative", *_slopes(card)]
    rows = [(digits(row["x"]), digits(row["value"]), digits(row["slope"])) for row in card["values"]]
    parts += ["## Values", table(("x", "f(x)", "f'(x)"), rows)]
    if card["start"]:
        parts += ["## At the start of training", _list(f"**{name}** {said}" for name, said in card["start"])]
    if card["warning"]:
        parts.append(f"> **Warning.** {card['warning']}.")
    if card["uses"]:
        parts += ["## Where it is used", _list(f"**{use['place']}**: {use['why']}" for use in card["uses"])]
    if card["cost"]:
        parts += ["## Cost", f"{digits(card['cost']['ratio'])} times ReLU: {card['cost']['measured']}."]
    return [*parts, *_code(card), "## Source", card["source"]["text"]]


def _slopes(card: dict[str, Any]) -> list[str]:
    found = card["derivative"]
    left = r"\frac{\partial f(x)_i}{\partial x_i}" if card["vector"] else "f'(x)"
    by_output = found["of_output"]
    # Of vectors, the one by the input is written for rounding, not for reading.
    parts = [_display(left, found)] if found["latex"] and not (card["vector"] and by_output) else []
    if by_output:
        parts += ["From the output $y = f(x)$:", _display(left, by_output)]
    if not found["latex"] and not by_output:
        parts.append("No formula in one entry: the gradient of a whole vector is in the code below.")
    parts.append(f"Steepest: {found['largest_in_words']}.")
    second = card["second_derivative"]
    if second and len(second["latex"]) <= LONGEST:
        parts += ["The second derivative:", _display("f''(x)", second)]
    elif second:
        parts.append(
            f"The second derivative has {len(second['text'])} characters: `{_call(card)}.derivative(x, order=2)`."
        )
    return parts


def _loss(card: dict[str, Any]) -> list[str]:
    parts = [_display("L", card["formula"])]
    domains = [(f"`{o['letter']}`", o["role"], o["domain_in_words"]) for o in card["operands"]]
    facts = [("predictions", card["expects"]["in_words"]), ("targets", card["targets"]["in_words"])]
    facts += [*map(tuple, card["links_in_words"]), ("shapes", card["shape"])]
    domains += [(f"`{letter}`", meaning, "") for letter, meaning in card["made"]]
    parts += ["## Operands", table(("letter", "role", "domain"), domains)]
    parts += ["## What fits", table(("", ""), [_bold_first(fact) for fact in facts])]
    rows = [(f"`{reduction['name']}`", reduction["meaning"]) for reduction in card["reductions"]]
    parts += ["## Reductions", table(("reduction", ""), rows)]
    steps = card["derivation"]["steps"]
    lines = [f"{number}. ${step['latex']}$\n\n   {step['why']}" for number, step in enumerate(steps, 1)]
    if len(steps) > 1:
        parts += ["## From the formula to the slope", "\n".join(lines)]
    return [*parts, *_code(card), "## Source", card["source"]["text"]]


def _also(card: dict[str, Any]) -> list[str]:
    parts = [f"Also called {', '.join(f'`{alias}`' for alias in card['aliases'])}."] if card["aliases"] else []
    if card["parameters"]:
        rows = [
            (f"`{p['name']}`", digits(p["default"]), _within(p["domain"]), "learnt" if p["learnable"] else "fixed")
            for p in card["parameters"]
        ]
        parts.append(table(("parameter", "default", "domain", ""), rows))
    return parts


def _code(card: dict[str, Any]) -> list[str]:
    parts = ["## Code", f"With this package: `{_call(card)}`."]
    own = card["torch"]
    if own:
        fixed = ", ".join(f"{name}={value!r}" for name, value in own["arguments"].items())
        exact = (
            "exact to rounding" if own["exact"] else "less exact than this package in places, or with other arguments"
        )
        parts.append(f"In torch: `{own['function']}{f'(..., {fixed})' if fixed else ''}`, {exact}.")
    for language, text in card["code"].items():
        parts += [f"### {'PyTorch' if language == 'torch' else 'NumPy'}", f"```python\n{text}```"]
    return parts


def _within(domain: dict[str, Any]) -> str:
    return "any number" if domain["lo"] == -domain["hi"] == -inf else str(domain["text"])


def _call(card: dict[str, Any]) -> str:
    return f'nl.{"losses" if card["kind"] == "loss" else "activations"}["{card["name"]}"]'


def _display(left: str, formula: dict[str, str]) -> str:
    """In LaTeX; where that is too long to be set, as it is written here."""
    if len(formula["latex"]) > LONGEST:
        lines = wrap(formula["text"], WIDTH, break_long_words=False, break_on_hyphens=False)
        return "\n".join(["```text", *lines, "```"])
    return f"$$\n{left} = {formula['latex']}\n$$"


def _bold_first(pair: Sequence[str]) -> tuple[str, str]:
    return f"**{pair[0]}**", pair[1]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
