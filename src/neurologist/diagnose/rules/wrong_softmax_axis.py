"""A softmax along another dimension than the one that its probabilities are read along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, composite, curve, data_inputs
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

PASSED = ("arithmetic", "reduction", "loss")  # what may stand between a softmax and the loss that reads it
VIEWS = ("View", "UnsafeView", "ReshapeAlias", "Expand", "Clone")  # these keep the order of the last two dimensions
RESHAPED = (*VIEWS, "Transpose", "Permute", "T", "Squeeze", "Unsqueeze")  # these keep all entries


class WrongSoftmaxAxis(Rule):
    """A softmax runs along the wrong dimension.

    What it is:
        Softmax makes the numbers along one dimension sum to 1. Here that is not the dimension along which they are
        used: the examples of the batch instead of the classes, time steps instead of a vocabulary, or an attention
        whose weights are spread over other places than the ones that are added up.

    Why it is bad:
        The examples of a batch then compete with each other, so that an answer depends on who else is in the batch,
        and no row of probabilities sums to 1. It runs without an error, and the loss even falls a little.

    How it is seen:
        The softmax's dimension, which autograd keeps, is compared with the dimension along which the targets are
        distributions, or along which the next product adds the weights up. Without a `dim` PyTorch takes dimension 0
        for tensors of one or three dimensions.

    How it is cured:
        Name the dimension of the classes: `dim=-1` for rows of scores, `dim=1` for images of shape (N, C, H, W), and
        `dim=-1` for attention scores of shape (..., queries, keys).

    Sources:
        PyTorch documentation of torch.nn.functional.softmax.
        A. Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
    """

    slug, code, cause, stage = "wrong-softmax-axis", "NL109", "wrong_softmax_axis", Stage.OBJECTIVE
    explains = frozenset(
        {
            "vanishing-gradient",
            "lr-too-low",
            "stopped-too-early",
            "dead-units",
            "regression-loss-on-classes",
            "target-outside-loss-domain",
            "missing-output-activation",
            "output-range-excludes-targets",
        }
    )
    treatments = ("softmax-axis",)
    slack = 0.01  # by which sums over a distribution may miss 1: rounding

    def check(self, run: Run) -> Iterable[Finding]:
        found: set[int] = set()
        for loss in run.ops:
            rows = [row for row in run.rows("target", loss) if row.get("low") is not None]
            for op in _softmaxes(loss) if rows else ():
                wanted = self._wanted(loss, op, rows)
                if op.id not in found and wanted and _axis(op) not in wanted and op.shape[_axis(op)] > 1:
                    found.add(op.id)
                    yield self._of_output(run, loss, op, min(wanted))
        for op in run.of_kind("softmax"):
            if op.id not in found and len(op.shape) > 1 and (used := _weighted(op) or _averaged(run, op)):
                yield self._of_attention(op, used)

    def _wanted(self, loss: Op, op: Op, rows: list[Row]) -> set[int]:
        """Dimensions of the softmax's output along which the targets say that it must run; empty if they do not."""
        if loss.facts.get("expects") == "log_probabilities" and loss.facts.get("target_kind") == "class_index":
            return self._of_classes(loss, op, rows)
        if rows[0].get("shape") != str(op.shape):
            return set()
        if op.shape[1:] in ((), (1,)):
            return self._of_answers(loss, op, rows)
        return self._distributed(op, rows)

    def _of_classes(self, loss: Op, op: Op, rows: list[Row]) -> set[int]:
        classes = 1 if len(op.shape) > 1 else 0
        if op in data_inputs(loss):
            return set() if _similarity(op) else {classes}
        same_sample = rows[0]["step"] == op.first_step  # sizes of batches change
        if not same_sample or op.shape[_axis(op)] == rows[0].get("outputs") or _similarity(op):
            return set()
        return {i for i, size in enumerate(op.shape) if size == rows[0].get("outputs")}

    def _of_answers(self, loss: Op, op: Op, rows: list[Row]) -> set[int]:
        """The same for one output per example; a list of candidates, of which one is right, is no batch of answers."""
        each = loss.kind == "loss" and loss.facts.get("target_kind") in ("real", "probability")
        chosen = any(abs(row["mean"] * row["rows"] - 1) <= self.slack for row in rows)
        return {1} if each and not chosen and all(row.get("integer") for row in rows) else set()

    def _distributed(self, op: Op, rows: list[Row]) -> set[int]:
        """Dimensions along which every observed target sums to 1."""
        found = set()
        for dim, sums in ((len(op.shape) - 1, "row"), (1, "class")):
            ends = [row.get(f"{sums}_{end}") for row in rows for end in ("low", "high")]
            if all(end is not None and abs(end - 1) <= self.slack for end in ends):
                found.add(dim)
        if found and all(abs(row["mean"] * row["rows"] - 1) <= self.slack for row in rows):
            found.add(0)
        return found

    def _of_output(self, run: Run, loss: Op, op: Op, wanted: int) -> Finding:
        axis, call, shape = _axis(op), op.function or op.member, op.shape
        single = shape[wanted : wanted + 1] in ((), (1,))
        inside = loss.facts.get("applies") == "softmax" and op in composite(loss)
        each = "example" if axis == 0 else "place"
        over = f"the {shape[0]} examples of the batch" if axis == 0 else f"dimension {axis} of {shape}"
        whose = f"its classes stand along dimension {wanted}" if not single else "a single output"
        return self.finding(
            f"{call} makes the numbers over {over} sum to 1, but each {each} has a target of its own and {whose}. So "
            f"{each}s compete with each other, and the probabilities of one answer do not sum to 1.",
            op=op,
            advice="A yes-no answer on one output needs a sigmoid: remove the softmax and use bce_with_logits."
            if single
            else f"{call} wants the classes along dimension 1: move them there, or flatten {shape} to rows."
            if inside
            else f"Let it run along the classes: dim={wanted}.",
            evidence=[
                Evidence(f"dimension of {shape} that {call} runs along", axis, "", str(wanted), op.first_step),
                Evidence("lowest loss seen", min(curve(run), default=float("nan"))),
            ],
        )

    def _of_attention(self, op: Op, used: int) -> Finding:
        axis = _axis(op)
        batch = axis < len(op.shape) - 2 or axis == 0
        return self.finding(
            f"This softmax makes dimension {axis} of {op.shape} sum to 1, but the product that follows adds its "
            f"weights up along dimension {used}, where they sum to anything."
            + (" Examples of the batch, or heads, compete for each other's weights." if batch else ""),
            op=op,
            severity="error" if batch else "warning",
            advice=f"Let the softmax run along the dimension that is added up: dim={used - len(op.shape)}.",
            evidence=[Evidence("dimension of the softmax", axis, "", f"{used}", op.first_step)],
        )


def _axis(op: Op) -> int:
    """The dimension along which a softmax runs, counted from 0."""
    return int(op.options.get("dim", -1)) % max(1, len(op.shape))


def _softmaxes(loss: Op) -> Iterator[Op]:
    """The softmaxes whose output a loss reads, without any layer or other activation between."""
    queue, seen = composite(loss), set()
    for op in queue:
        for below in data_inputs(op):
            if below.id in seen:
                continue
            seen.add(below.id)
            if below.kind == "softmax":
                yield below
            elif not below.parameters and (below.kind in PASSED or below.name in RESHAPED):
                queue.append(below)


def _similarity(op: Op) -> bool:
    """True when the scores compare examples with each other: both dimensions then count examples."""
    below: Op | None = next(iter(data_inputs(op)), None)
    while below is not None and below.kind in ("arithmetic", "shape") and not below.parameters:
        below = next(iter(data_inputs(below)), None)
    return below is not None and below.kind == "matmul"


def _weighted(op: Op) -> int | None:
    """The dimension along which a batched product adds up the softmax's output, when it is another than its own."""
    for view in _views(op):
        for consumer in view.consumers:
            if consumer.name != "Bmm":
                continue
            slot = next(s for s, below in consumer.inputs.items() if below is view)
            used = len(op.shape) - 1 - slot  # the first factor is added up along its last dimension
            if view.shape[-2:] == op.shape[-2:] and op.shape[used] > 1 and _axis(op) != used:
                return used
    return None


def _averaged(run: Run, op: Op) -> int | None:
    """The dimension along which products with the softmax's output are added up, when it runs over the batch."""
    examples = [row["rows"] for loss in run.ops for row in run.rows("target", loss)[:1] if row.get("rows")]
    if _axis(op) != 0 or op.shape[0] not in examples or op.shape[0] < 2:
        return None
    for product in (c for c in op.consumers if c.name == "Mul" and len(c.shape) == len(op.shape)):
        for total in (c for c in product.consumers if c.name == "Sum"):
            dims = [int(d) % len(op.shape) for d in total.options.get("dim") or ()]
            if dims and 0 not in dims and op.shape[dims[0]] > 1:
                return dims[0]
    return None


def _views(op: Op) -> Iterator[Op]:
    """The op and what only shows its output again, with the last two dimensions in their order."""
    queue = [op]
    for view in queue:
        yield view
        queue += [c for c in view.consumers if c.name in VIEWS or c.kind == "dropout"]
