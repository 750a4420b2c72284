"""The negative log-probability of the right class: takes log-probabilities."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Interval, Loss, Source

LOSS = Loss(
    name="nll",
    formula="-sum(y * p)",
    stable="-sum(where(y > 0, y * p, 0))",
    stable_derivative="-y",
    predictions=Interval(-inf, 0.0, False, True),
    targets=NON_NEGATIVE,
    target_kind="class_index",
    expects="log_probabilities",
    link="log_softmax",
    vector=True,
    prepare="classes",
    prepared=("y",),
    source=Source("Fisher", 1922, "On the mathematical foundations of theoretical statistics"),
    autograd=("NllLossBackward0", "NllLoss2DBackward0"),
    torch_function="nll_loss",
)
