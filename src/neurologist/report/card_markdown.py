"""A card as a Markdown page: formulas in LaTeX between dollars, tables, and code to paste.

May import: `report.card_words`. To show one more fact of a card, add a section to `_activation` or `_loss`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from neurologist.report.card_words import digits

LONGEST = 400  # characters of a formula in LaTeX that a page shows


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
    parts = [_display(f"f(x){entry}", card["formula"]["latex"])]
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
    parts = [_display(left, found["latex"])] if found["latex"] else []
    if found["of_output"]:
        parts += ["From the output $y = f(x)$:", _display(left, found["of_output"]["latex"])]
    parts.append(f"Steepest: {found['largest_in_words']}.")
    second = card["second_derivative"]
    if second:
        shown = _display("f''(x)", second["latex"])
        said = "The second derivative" + (":" if shown.startswith("$$") else f" has {len(second['text'])} characters.")
        parts += [said, *([shown] if shown.startswith("$$") else [])]
    return parts


def _loss(card: dict[str, Any]) -> list[str]:
    parts = [_display("L", card["formula"]["latex"])]
    domains = [(f"`{o['letter']}`", o["role"], o["domain"]["text"]) for o in card["operands"]]
    facts = [("predictions", card["expects"]["in_words"]), ("targets", card["targets"]["in_words"])]
    facts += [*map(tuple, card["links_in_words"]), ("shapes", card["shape"])]
    domains += [(f"`{letter}`", meaning, "") for letter, meaning in card["made"]]
    parts += ["## Operands", table(("letter", "role", "domain"), domains)]
    parts += ["## What fits", table(("", ""), [_bold_first(fact) for fact in facts])]
    rows = [(f"`{reduction['name']}`", reduction["meaning"]) for reduction in card["reductions"]]
    parts += ["## Reductions", table(("reduction", ""), rows)]
    steps = card["derivation"]["steps"]
    lines = [f"{number}. ${step['latex']}$\n\n   {step['why']}" for number, step in enumerate(steps, 1)]
    parts += ["## From the formula to the slope", "\n".join(lines)]
    return [*parts, *_code(card), "## Source", card["source"]["text"]]


def _also(card: dict[str, Any]) -> list[str]:
    parts = [f"Also called {', '.join(f'`{alias}`' for alias in card['aliases'])}."] if card["aliases"] else []
    if card["parameters"]:
        rows = [
            (f"`{p['name']}`", digits(p["default"]), "learnt" if p["learnable"] else "fixed")
            for p in card["parameters"]
        ]
        parts.append(table(("parameter", "default", ""), rows))
    return parts


def _code(card: dict[str, Any]) -> list[str]:
    family = "losses" if card["kind"] == "loss" else "activations"
    parts = ["## Code", f'With this package: `nl.{family}["{card["name"]}"]`.']
    own = card["torch"]
    if own:
        fixed = ", ".join(f"{name}={value!r}" for name, value in own["arguments"].items())
        exact = "exact to rounding" if own["exact"] else "less exact than this package in places"
        parts.append(f"In torch: `{own['function']}{f'(..., {fixed})' if fixed else ''}`, {exact}.")
    for language, text in card["code"].items():
        parts += [f"### {'PyTorch' if language == 'torch' else 'NumPy'}", f"```python\n{text}```"]
    return parts


def _display(left: str, latex: str) -> str:
    if len(latex) > LONGEST:
        return "*(too long to print: see the code)*"
    return f"$$\n{left} = {latex}\n$$"


def _bold_first(pair: Sequence[str]) -> tuple[str, str]:
    return f"**{pair[0]}**", pair[1]


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
