"""Linear layers with nothing between them."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import layers, main_path, output_units, sources
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

BENDING = frozenset({"activation", "pooling", "attention", "recurrent", "matmul", "embedding", "unknown", "softmax"})
STRAIGHT = frozenset({"Add", "Sub", "Neg", "Rsub", "Mul", "Div"})  # arithmetic that keeps a linear map linear


class LinearCollapse(Rule):
    """Two linear layers follow each other with no activation between them.

    What it is:
        The output of one linear layer is the input of the next, through nothing but reshaping or dropout.

    Why it is bad:
        W2 (W1 x + b1) + b2 is one linear map. However many layers are stacked so, they can only draw straight
        boundaries; XOR is out of reach.

    How it is seen:
        On the tape a linear op reads directly from a linear op. It is an error when the whole network has no bend
        anywhere, and only worth knowing when other layers bend. A deliberately narrow middle (fewer units than both
        sides, as in a low-rank factorisation) is left alone.

    How it is cured:
        Put an activation between them, ReLU for a start.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.1, Learning XOR.
    """

    slug, code = "linear-collapse", "NL401"
    cause, stage = "missing_hidden_activation", Stage.ARCHITECTURE
    treatments = ("insert-activation",)

    def check(self, run: Run) -> Iterable[Finding]:
        pairs = [(below, op) for op in layers(run) for below in sources(op) if self._collapses(below, op)]
        if not pairs:
            return
        below, op = pairs[0]
        flat = self._flat(run)
        whole = "No op of the network bends: as a whole it is one linear map. " if flat else ""
        yield self.finding(
            f"{whole}{op.place} reads directly from {below.place} with no activation between them, so the two are one "
            "linear layer" + (f"; the same holds for {len(pairs) - 1} more." if len(pairs) > 1 else "."),
            op=op,
            severity="error" if flat else "info",
            advice=f"Put an activation, for example ReLU, between {below.place} and {op.place}.",
            evidence=[Evidence("linear layers that read from a linear layer", len(pairs), "", "0", op.first_step)],
        )

    def _collapses(self, below: Op, op: Op) -> bool:
        if below.kind != "linear" or op.kind != "linear" or not below.parameters or len(below.consumers) > 1:
            return False
        middle, outer = output_units(below), output_units(op)
        into = next((p.shape[-1] for p in below.parameters if len(p.shape) > 1 and p.shape[0] == middle), None)
        return not (middle and outer and into and middle < min(into, outer))

    def _flat(self, run: Run) -> bool:
        path = main_path(run)
        start = next((i for i, op in enumerate(path) if op.parameters), 0)  # past the loss
        bends = (op.kind in BENDING or (op.kind == "arithmetic" and op.name not in STRAIGHT) for op in path[start:])
        return not any(bends) and not any(op.kind == "normalisation" for op in path[start:])
