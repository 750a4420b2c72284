"""The softmax along the classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Arguments
from neurologist.treat.seen import Seen, spec
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class SoftmaxAxis(Treatment):
    """Turns a softmax to the dimension of the classes, so that they compete and not the examples."""

    dim: int
    sites: frozenset[Site]

    slug = "softmax-axis"
    treats = ("wrong_softmax_axis",)
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """The classes of a loss are dimension 1, of attention the last."""
        found = [step for step in seen.calls if (known := spec(step)) is not None and known.vector]
        output = {step.site for step in seen.output_activations}
        last = frozenset(step.site for step in found if step.site in output)
        hidden = frozenset(step.site for step in found if step.site not in output)
        if last:
            yield cls(1, last)
        if hidden:
            yield cls(-1, hidden)

    @property
    def label(self) -> str:
        return f"softmax along dimension {self.dim}"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            named = {k: v for k, v in call.named.items() if k in ("dtype",)}
            call.args, call.named = (call.input,), {**named, "dim": self.dim}

    def edits(self, seen: Seen) -> Iterable[Edit]:
        steps = [step for step in seen.calls if step.site in self.sites]
        return [Arguments(step, {"dim": str(self.dim)}, {"dim": (1, 0)}) for step in steps]
