"""The negative log-probability of a label sequence over all its alignments (p: one alignment's log-probability)."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Interval, Loss, Source

LOSS = Loss(
    name="ctc",
    formula="-logsumexp(p)",
    predictions=Interval(-inf, 0.0, False, True),
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="log_probabilities",
    link="log_softmax",
    vector=True,
    along="last",
    operands=("p", "t", "input_lengths", "target_lengths"),
    source=Source(
        "Graves, Fernandez, Gomez, Schmidhuber",
        2006,
        "Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural networks",
    ),
    autograd=("CtcLossBackward0",),
    torch_function="ctc_loss",
    delegated=True,
)
