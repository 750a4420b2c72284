"""What a log-distribution lacks of the target distribution, entry by entry: takes log-probabilities."""

from math import inf

from neurologist.catalogue.spec import UNIT, Interval, Loss, Source

LOSS = Loss(
    name="kl_div",
    formula="where(t > 0, t * (log(t) - p), 0)",
    stable_derivative="-t",
    predictions=Interval(-inf, 0.0, False, True),
    targets=UNIT,
    target_kind="distribution",
    expects="log_probabilities",
    link="log_softmax",
    source=Source("Kullback, Leibler", 1951, "On information and sufficiency"),
    autograd=("KlDivBackward0",),
    exact_in_torch=False,  # its "mean" warns, and F.kl_div has no other of that name
    torch_function="kl_div",
    aliases=("kl",),
)
