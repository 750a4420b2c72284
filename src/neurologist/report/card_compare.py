"""Several members beside each other: the table that textbooks print, as plain data, Markdown and LaTeX.

May import: `report`. The terminal's view is in `report.card_compare_text`. To add a column: a line in `ACTIVATIONS` or
`LOSSES`; every view has it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neurologist.report import json as json_
from neurologist.report.card_markdown import table
from neurologist.report.card_words import digits

Card = dict[str, Any]
Column = tuple[str, Callable[[Card], str]]

NOTHING = "-"
FORMULA = "formula"  # the column that LaTeX and Markdown set in mathematics
SIGNS = {"∞": r"$\infty$", "≠": r"$\neq$", "→": r"$\to$", "±": r"$\pm$", "<": "$<$", ">": "$>$", "|": "$|$"}
SPECIAL = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "'": r"{\textquotesingle}"}
PREAMBLE = "% needs \\usepackage{amsmath, booktabs, graphicx, textcomp}\n"


def _short(trait: str) -> Callable[[Card], str]:
    """What is said of a trait, up to its colon."""
    return lambda card: str(dict(card["in_words"])[trait]).partition(":")[0]


def _gain(card: Card) -> str:
    if not card["start"]:
        return NOTHING
    return digits(card["traits"]["gain"]) + (" (drifts)" if card["warning"] else "")


def _cost(card: Card) -> str:
    return f"{card['cost']['ratio']:.2g}" if card["cost"] else NOTHING


def _places(card: Card) -> str:
    return "; ".join(use["place"] for use in card["uses"]) or NOTHING


ACTIVATIONS: tuple[Column, ...] = (
    (FORMULA, lambda card: card["formula"]["text"]),
    ("range", lambda card: card["range"]["text"]),
    ("zero-centred", _short("zero-centred")),
    ("largest |f'|", lambda card: card["derivative"]["largest_in_words"]),
    ("saturation", _short("saturation")),
    ("dead zone", _short("dead zone")),
    ("gain", _gain),
    ("cost / ReLU", _cost),
    ("where used", _places),
)
LOSSES: tuple[Column, ...] = (
    (FORMULA, lambda card: card["formula"]["text"]),
    ("predictions", lambda card: card["expects"]["kind"].replace("_", " ")),
    ("domain", lambda card: card["operands"][0]["domain"]["text"]),
    ("targets", lambda card: card["targets"]["kind"].replace("_", " ")),
    ("applies", lambda card: card["applies"] or NOTHING),
    ("link", lambda card: NOTHING if card["applies"] else card["link"]),
    ("canonical link", lambda card: card["canonical_link"] or NOTHING),
    ("slope ends in", lambda card: card["derivation"]["steps"][-1]["text"].partition(" = ")[2]),
)


def comparison(cards: Sequence[Card], measured: str = "") -> dict[str, Any]:
    """The table as plain data: one row per card, all of one kind.

    Args:
        cards: of activations or of losses.
        measured: what was measured for the costs, if it was.
    """
    kinds = list(dict.fromkeys(card["kind"] for card in cards))
    if len(kinds) != 1:
        named = {kind: next(card["name"] for card in cards if card["kind"] == kind) for kind in kinds}
        got = " and ".join(f"the {kind} {name!r}" for kind, name in named.items())
        raise ValueError(f"compare got {got}: expected activations only, or losses only; compare them apart")
    columns = ACTIVATIONS if kinds[0] == "activation" else LOSSES
    if not any(card.get("cost") for card in cards):
        columns = tuple(column for column in columns if column[1] is not _cost)
    return {
        "kind": kinds[0],
        "columns": [title for title, _ in columns],
        "rows": [{"name": card["name"], **{title: of(card) for title, of in columns}} for card in cards],
        "latex": {card["name"]: card["formula"]["latex"] for card in cards},
        "notes": _notes(cards, measured),
    }


def _notes(cards: Sequence[Card], measured: str) -> list[str]:
    notes = [f"{card['name']}: {card['vector_note']}" for card in cards if card.get("vector_note")]
    if any(card.get("warning") for card in cards):
        notes.append("drifts: Q'(1) is above 1, so the gain alone does not keep a signal's size over many layers")
    controls = [card["cost"]["control"] for card in cards if card.get("cost")]
    if controls:
        spread = f"{min(controls):.2f} to {max(controls):.2f}"
        notes.append(f"cost: times ReLU, {measured}; ReLU by itself gave {spread}, which is the noise")
    return notes


def json(compared: Mapping[str, Any]) -> str:
    """As strict JSON."""
    return json_.dumps(compared)


def markdown(compared: Mapping[str, Any]) -> str:
    """As a table with formulas in LaTeX between dollars, and notes below."""
    rows = []
    for row in compared["rows"]:
        formula = " ".join(compared["latex"][row["name"]].split())
        cells = [f"${formula}$" if title == FORMULA else row[title] for title in compared["columns"]]
        rows.append((f"`{row['name']}`", *cells))
    notes = "".join(f"\n- {note}" for note in compared["notes"])
    return table(("", *compared["columns"]), rows) + "\n" + (f"{notes}\n" if notes else "")


def latex(compared: Mapping[str, Any]) -> str:
    """As a table for a paper, with booktabs."""
    titles = compared["columns"]
    head = " & ".join(["", *(tex(title) for title in titles)])
    lines = []
    for row in compared["rows"]:
        formula = " ".join(compared["latex"][row["name"]].split())
        cells = [f"$\\displaystyle {formula}$" if title == FORMULA else tex(row[title]) for title in titles]
        lines.append(" & ".join([tex(row["name"]), *cells]) + r" \\")
    body = "\n".join(lines)
    notes = "".join(f"\n\n{tex(note)}." for note in compared["notes"])
    return (
        f"{PREAMBLE}\\begin{{table}}\n\\centering\n\\resizebox{{\\linewidth}}{{!}}{{%\n"
        f"\\begin{{tabular}}{{l{'l' * len(titles)}}}\n\\toprule\n{head} \\\\\n\\midrule\n{body}\n\\bottomrule\n"
        f"\\end{{tabular}}}}{notes}\n\\end{{table}}\n"
    )


def tex(text: str) -> str:
    r"""Plain text for LaTeX.

    >>> print(tex("leaky_relu: (0, ∞)"))
    leaky\_relu: (0, $\infty$)
    """
    return "".join(SPECIAL.get(letter) or SIGNS.get(letter) or letter for letter in text)
