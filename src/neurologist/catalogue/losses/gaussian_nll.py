"""The negative log-likelihood of a normal distribution whose variance is predicted too, up to a constant."""

from neurologist.catalogue.spec import NON_NEGATIVE, POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="gaussian_nll",
    formula="0.5 * (log(max(var, eps)) + (p - t) ** 2 / max(var, eps))",
    parameters={"eps": 1e-06},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    operands=("p", "t", "var"),
    domains={"eps": POSITIVE, "var": NON_NEGATIVE},
    shapes={"var": "broadcast"},
    source=Source("Nix, Weigend", 1994, "Estimating the mean and variance of the target probability distribution"),
    torch_function="gaussian_nll_loss",
    exact_in_torch=False,
)
