"""What became of learning one batch by heart, in a sentence or two.

May import: `diagnose`, `report.words`. A further reason for not being able to tell is a sentence in `_why`, under the
word for it that a trial leaves in `ByHeart.why`.
"""

from __future__ import annotations

from neurologist.diagnose.by_heart import ByHeart
from neurologist.diagnose.languages import Say
from neurologist.report import words


def said(found: ByHeart, explained: bool, tr: Say) -> str:
    """The verdict; `explained` where findings say why it could not be learnt."""
    batch = tr("one batch") if found.examples is None else tr(f"one batch of {found.examples:,}")
    course = tr(words.plural(found.steps, "step")) + _numbers(found, tr)
    with_it = tr(f"The optimizer was {found.optimizer}, as none was given.") if found.optimizer else ""
    if found.learnt:
        parts = [tr(f"Learnt {batch} by heart in {course}.")]
    elif found.learnt is None and found.steps == 0:
        parts = [tr("It could not be tried whether one batch can be learnt by heart."), _why(found.why, tr)]
    elif found.learnt is None:
        parts = [tr(f"It cannot be told yet whether {batch} can be learnt by heart: after {course}.")]
        parts.append(_why(found.why, tr))
    else:
        parts = [tr(f"Could not learn {batch} by heart in {course}.")]
        parts += [] if explained else [_unexplained(tr)]
    return " ".join(part for part in (*parts, with_it) if part)


def _unexplained(tr: Say) -> str:
    return tr(
        "No rule saw why. Print the batch as it enters the model, beside its targets: examples with the same input and "
        "different targets cannot be learnt. Then try ten times the learning rate, and a tenth of it."
    )


def _numbers(found: ByHeart, tr: Say) -> str:
    losses = (found.loss_first, found.loss_last)
    first, last = (tr("no finite number") if loss is None else words.number(loss) for loss in losses)
    loss = tr(f"loss {first} to {last}")
    if found.score_last is None:
        return f" ({loss})"
    if found.measure == "accuracy":
        right = tr(f"{words.share(found.score_last)} right")
        return f" ({loss}, {right})"
    return f" ({loss}, R2 {words.number(found.score_last)})"


def _why(word: str, tr: Say) -> str:
    return {
        "more-steps": tr("It was still being learnt, or hardly begun: give it more steps."),
        "ended": tr("The script came to its end before: let it run for more epochs."),
        "failed": tr("The script did not get there."),
        "unknown-floor": tr(
            "The loss fell, but how far such a loss can fall is not known: it has several terms, or is of your own "
            "making. Look whether it is as low as you would expect of a batch known by heart."
        ),
        "bounded": tr(
            "All answers are right, and yet the loss stands far above the least that it can be: what it reads may be "
            "kept in bounds, by a softmax before the loss, say, or by a cosine."
        ),
        "few-parameters": tr(
            "The batch has more targets than the model has parameters, so it need not be able to: take a smaller batch."
        ),
        "nearly": tr(
            "Nearly all of it is known. What is missing may be examples with the same input and different targets, or "
            "noise that the model adds."
        ),
        "several-losses": tr(
            "Several optimizers step in turn, each for a loss of its own: such training is not after one loss that "
            "could go to its floor."
        ),
        "nothing-seen": tr("No backward pass was seen."),
        "no-data": tr(
            "No data were seen that enter a model or a loss, so nothing could be given again: use "
            "nl.check(model, loss_fn, batch, overfit=True)."
        ),
        "strayed": tr(
            "Later steps called other functions than the first, so its batch could not be given again: use "
            "nl.check(model, loss_fn, batch, overfit=True)."
        ),
    }.get(word, "")
