"""ReLU whose corner is a parabola of width 2 beta."""

from neurologist.catalogue.spec import NON_NEGATIVE, POSITIVE, Activation, Source

ACTIVATION = Activation(
    name="smelu",
    formula="where(x <= -beta, 0, where(x >= beta, x, (x + beta) ** 2 / (4 * beta)))",
    stable_derivative="min(max((x + beta) / (2 * beta), 0), 1)",
    parameters={"beta": 1.0},
    domains={"beta": POSITIVE},
    range=NON_NEGATIVE,
    source=Source("Shamir, Lin, Coviello", 2020, "Smooth activations and reproducibility in deep networks"),
)
