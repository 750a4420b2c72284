"""Less dropout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.call import Call, Site
from neurologist.treat.edit import Edit
from neurologist.treat.edits.layers import Arguments
from neurologist.treat.seen import Seen
from neurologist.treat.treatment import Treatment


@dataclass(eq=False, repr=False)
class LessDropout(Treatment):
    """Lowers the share of units that dropout switches off; the random numbers it draws stay the same in number."""

    share: float
    sites: frozenset[Site]

    slug = "less-dropout"
    treats = ("too_much_dropout", "capacity_too_small", "too_few_epochs")
    reach = "model"

    @classmethod
    def proposals(cls, finding: Finding, seen: Seen) -> Iterable[Treatment]:
        """A usual share, and none."""
        sites = frozenset(step.site for step in seen.calls if step.kind == "dropout")
        if sites:
            yield from (cls(share, sites) for share in (0.2, 0.0))

    @property
    def label(self) -> str:
        return f"dropout {self.share:g}"

    def before(self, call: Call) -> None:
        if call.site in self.sites:
            given, args, named, share = call.function, call.args, call.named, self.share
            training = bool(named.get("training", args[2] if len(args) > 2 else True))

            def dropped(x: torch.Tensor) -> torch.Tensor:
                with torch.random.fork_rng():
                    kept = F.dropout(x, share, training)
                if training:
                    given(*args, **{**named, "inplace": False} if "inplace" in named else named)
                return kept

            call.instead(dropped)

    def edits(self, seen: Seen) -> Iterable[Edit]:
        steps = [step for step in seen.calls if step.site in self.sites]
        return [Arguments(step, {"p": f"{self.share:g}"}, {"p": (1, 0)}) for step in steps]
