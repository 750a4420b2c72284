"""A card in a terminal: formula, traits in words, slopes, what it does to a deep network, a plot, code to paste.

May import: rich, `report`. To show one more fact of a card, add a part to `_activation` or `_loss`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from neurologist.report.card_plot import caption, drawn
from neurologist.report.card_pretty import pretty
from neurologist.report.card_words import digits, plain
from neurologist.report.terminal import console_like, rendered, speaks_unicode

if TYPE_CHECKING:
    from neurologist.functional.curves import Curve

INDENT = 2
LONGEST = 240  # characters of a derivative that is shown; the code has them all
NAMED = {"torch": "PyTorch", "numpy": "NumPy"}


def show(card: dict[str, Any], stream: IO[str], curve: Curve | None = None) -> None:
    """Write a card to `stream` as it can show it: its width, its colours, its characters."""
    console, ascii_only = console_like(stream), not speaks_unicode(stream)
    said: list[str] = []
    for part in _Page(plain(card) if ascii_only else card, console, ascii_only).parts(curve):
        said += [_verbatim(console, part)] if isinstance(part, Syntax) else rendered(console, part)
    stream.write("".join(said))


class _Page:
    """One card on one console."""

    def __init__(self, card: dict[str, Any], console: Console, ascii_only: bool) -> None:
        self.card = card
        self.width = console.width
        self.colour = console.color_system is not None
        self.ascii_only = ascii_only

    def parts(self, curve: Curve | None) -> Iterator[RenderableType]:
        """Everything, from top to bottom."""
        card = self.card
        yield Text.assemble((card["name"], "bold"), (f"  {card['kind']}", "dim"))
        also = f" (also {', '.join(card['aliases'])})" if card["aliases"] else ""
        yield _in(Text(card["summary"] + also))
        yield from (self.loss if card["kind"] == "loss" else self.activation)()
        if curve is not None:
            yield _title("Plot")
            yield Text.from_ansi(drawn(curve, self.width - INDENT, self.ascii_only, self.colour))
            yield _in(Text(caption(curve), "dim"), 5)
        yield from self.code()
        yield _title("Source")
        yield _in(Text(card["source"]["text"]))

    def activation(self) -> Iterator[RenderableType]:
        """What only activations have."""
        card = self.card
        yield from self.formula(card["formula"]["text"], "f(x)", top=1)
        yield from self.parameters()
        for note in filter(None, (card["vector_note"], card["random"])):
            yield _in(Text(note, "dim"))
        yield _title("Traits")
        yield _pairs(card["in_words"])
        yield from self.slopes()
        if card["start"]:
            yield _title("At the start of training")
            yield _pairs(card["start"])
        if card["warning"]:
            yield _in(Text(f"Warning: {card['warning']}.", "yellow"), top=1)
        if card["uses"]:
            yield _title("Where it is used")
            for use in card["uses"]:
                yield _in(Text.assemble((use["place"], "bold"), f": {use['why']}"))
        if card["cost"]:
            yield _title("Cost")
            yield _in(Text(f"{digits(card['cost']['ratio'])} times ReLU: {card['cost']['measured']}"))

    def slopes(self) -> Iterator[RenderableType]:
        """The derivatives."""
        found, second = self.card["derivative"], self.card["second_derivative"]
        vector = self.card["vector"]
        yield _title("Derivative")
        shown = found["text"] and not (vector and found["of_output"])  # which is then written for rounding, not reading
        if shown:
            yield from self.formula(found["text"], "df(x)_i/dx_i" if vector else "f'(x)")
        if found["of_output"]:
            yield _in(Text("from the output y = f(x):", "dim"), top=bool(shown))
            yield from self.formula(found["of_output"]["text"], "df(x)_i/dx_i" if vector else "f'(x)")
        yield _in(Text(f"steepest: {found['largest_in_words']}"), top=1)
        if second:
            yield from self.formula(second["text"], "f''(x)", top=1)

    def loss(self) -> Iterator[RenderableType]:
        """What only losses have."""
        card = self.card
        yield from self.formula(card["formula"]["text"], "L", top=1)
        yield from self.parameters()
        yield _title("What fits")
        domains = [(f"{o['letter']}, {o['role']}", o["domain_in_words"]) for o in card["operands"]]
        facts = [("predictions", card["expects"]["in_words"]), ("targets", card["targets"]["in_words"])]
        yield _pairs([*domains, *card["made"], *facts, *card["links_in_words"], ("shapes", card["shape"])])
        yield _title("Reductions")
        yield _pairs([(reduction["name"], reduction["meaning"]) for reduction in card["reductions"]])
        steps = card["derivation"]["steps"]
        if len(steps) > 1:
            yield _title("From the formula to the slope")
        for step in steps if len(steps) > 1 else []:
            yield _in(Text(step["text"]))
            yield _in(Text(step["why"], "dim"), 6)

    def parameters(self) -> Iterator[RenderableType]:
        """Names and defaults, those that the source learns in a line of their own."""
        for learnt in (False, True):
            chosen = [one for one in self.card["parameters"] if one["learnable"] == learnt]
            if chosen:
                said = ", ".join(f"{one['name']} = {digits(one['default'])}" for one in chosen)
                yield _in(Text.assemble(("learnt: " if learnt else "with ", "dim"), said), top=1)

    def formula(self, formula: str, left: str, top: int = 0) -> Iterator[RenderableType]:
        """A formula over several lines, unless it is too long to read."""
        if len(formula) > LONGEST and left != "f(x)" and left != "L":
            yield _in(Text(f"{left} has {len(formula)} characters: see the code, or --format json", "dim"), top=top)
            return
        shown = pretty(formula, left, self.width - 2 * INDENT, self.ascii_only)
        yield _in(Text(shown, "bold cyan", no_wrap=True), top=top)

    def code(self) -> Iterator[RenderableType]:
        """Code to paste, unindented."""
        card = self.card
        family = "losses" if card["kind"] == "loss" else "activations"
        yield _title("Code")
        yield _in(Text(f'nl.{family}["{card["name"]}"], after import neurologist as nl'))
        if card["torch"]:
            exact = "exact to rounding" if card["torch"]["exact"] else "less exact in places, or with other arguments"
            given = ", ".join(f"{name}={value!r}" for name, value in card["torch"]["arguments"].items())
            yield _in(Text(f"{card['torch']['function']}{f'(..., {given})' if given else ''}: torch's own, {exact}"))
        for language, text in card["code"].items():
            yield _title(NAMED[language])
            yield Syntax(text.rstrip("\n"), "python", theme="ansi_dark", background_color="default")


def _verbatim(console: Console, code: Syntax) -> str:
    """Code as it is, longer than a line where it is: it is to be pasted."""
    text = code.highlight(code.code) if console.color_system else Text(f"{code.code}\n")
    with console.capture() as captured:
        console.print(text, soft_wrap=True, end="")
    return captured.get()


def _in(part: RenderableType, indent: int = INDENT, top: int = 0) -> Padding:
    return Padding(part, (int(top), 0, 0, indent))


def _title(text: str) -> Padding:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def _pairs(pairs: Iterable[Sequence[str]]) -> Padding:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in pairs:
        grid.add_row(Text(name), Text(said))
    return _in(grid)
