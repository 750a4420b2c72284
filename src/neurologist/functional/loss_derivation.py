"""The way from a loss's formula to its slope, one step at a time.

The steps of a loss over vectors stand in its file; those of the others follow from the formula by the rules of
`catalogue.differentiate`. `Derivation.check` computes every step from numbers, so that a wrong one shows.
May import: `catalogue`, `theory`; mpmath and NumPy inside functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurologist.catalogue import Loss, activations
from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.loss_latex import latex


@dataclass(frozen=True)
class DerivationStep:
    """One line: what is equal to what, and why.

    Attributes:
        of: "loss", "slope" (by the loss's operand) or "chain" (by the preactivation `x` under the link).
        formula: what it is equal to.
        why: the rule that leads here from the line before.
        text: the line as text.
        latex: the line as LaTeX.
    """

    of: str
    formula: str
    why: str
    text: str
    latex: str


@dataclass(frozen=True)
class Derivation:
    """All lines, from the formula to the slope."""

    loss: Loss
    steps: tuple[DerivationStep, ...]

    @property
    def text(self) -> str:
        """One line per step, each with its reason."""
        width = max(len(step.text) for step in self.steps)
        return "\n".join(f"{step.text:<{width}}   {step.why}" for step in self.steps)

    @property
    def latex(self) -> str:
        """An `align*` environment."""
        lines = " \\\\\n".join(rf"{step.latex.replace(' = ', ' &= ', 1)} && \text{{{step.why}}}" for step in self.steps)
        return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"

    def __str__(self) -> str:
        return self.text

    def check(self, prediction: Any, target: Any) -> tuple[Any, ...]:
        """Every step's value at one point, at 50 digits: all "loss" lines agree, and all slopes of one kind.

        Args:
            prediction: the loss's operand, or the preactivation where the lines end in "chain".
            target: one target; for losses over classes a distribution.
        """
        from neurologist.catalogue.oracle import exact

        symbol, given = self.loss.symbol, {**self.loss.parameters, "t": target, "y": target}
        chain = any(step.of == "chain" for step in self.steps)
        output = exact(activations[self.loss.link].formula, {"x": prediction}) if chain else prediction
        given |= {symbol: output, "x": prediction}
        if self.loss.applies is not None and self.loss.applies in activations:
            given["p"] = exact(activations[self.loss.applies].formula, {"x": prediction})
        return tuple(exact(step.formula, given) for step in self.steps)


def derive(spec: Loss) -> Derivation:
    """The derivation of a loss's slope; for a canonical link it ends in prediction - target."""
    steps = spec.steps or _by_rules(spec)
    return Derivation(spec, tuple(_written(spec, *step) for step in (*steps, *_last(spec))))


def _by_rules(spec: Loss) -> tuple[tuple[str, str, str], ...]:
    if spec.vector:
        return (("loss", spec.formula, "the definition"),)
    slope = differentiate(spec.formula, spec.symbol)
    return (
        ("loss", spec.formula, "the definition"),
        ("slope", slope, f"differentiate by {spec.symbol}"),
    )


def _last(spec: Loss) -> tuple[tuple[str, str, str], ...]:
    from neurologist.theory.pairing import canonical_link

    link = canonical_link(spec)
    target = "y" if spec.vector else "t"
    if link is None or link not in activations:
        return ()
    if spec.applies is not None:
        return (("slope", f"p - {target}", f"with p = {link}(z): prediction - target"),)
    if spec.vector:  # the chain rule through a vector is a matrix, not a formula
        return ()
    inner, slope = activations[link], differentiate(spec.formula, spec.symbol)
    by_output = (inner.derivative_from_output or inner.derivative).replace("y", spec.symbol)
    return (
        ("chain", f"({slope}) * ({by_output})", f"the chain rule, with p = {link}(x)"),
        ("chain", f"{spec.symbol} - {target}", "prediction - target"),
    )


def _written(spec: Loss, of: str, formula: str, why: str) -> DerivationStep:
    letter = "x" if of == "chain" else spec.symbol
    entry = f"{letter}_i" if spec.vector else letter
    text, tex = ("L", "L") if of == "loss" else (f"dL/d{entry}", rf"\frac{{\partial L}}{{\partial {entry}}}")
    return DerivationStep(of, formula, why, f"{text} = {formula}", f"{tex} = {latex(formula, spec)}")
