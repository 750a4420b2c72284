"""The input times a power of its softplus, over an inverse-square-root unit plus an exponential."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

# The denominator times exp(theta x) below 0, so that no exponential overflows. All branches change at the same test, so
# that slopes agree at 0.
WEIGHT = "where(x < 0, exp(theta * min(x, 0)), 1)"
REST = "where(x < 0, 1, exp(-theta * max(x, 0)))"
DENOMINATOR = f"hypot(sqrt(beta), sqrt(gamma) * x) * {WEIGHT} + delta * {REST}"
STEEPNESS = f"(gamma * x / hypot(sqrt(beta), sqrt(gamma) * x) * {WEIGHT} - delta * theta * {REST})"

ACTIVATION = Activation(
    name="eis",
    formula="x * log(1 + exp(x)) ** alpha / (sqrt(beta + gamma * x ** 2) + delta * exp(-theta * x))",
    stable=f"x / ({DENOMINATOR}) * {WEIGHT} * softplus(x) ** alpha",
    stable_derivative=(
        f"{WEIGHT} * (softplus(x) ** alpha / ({DENOMINATOR}) * (1 - x * ({STEEPNESS} / ({DENOMINATOR})))"
        f" + alpha * (x / ({DENOMINATOR})) * softplus(x) ** (alpha - 1) * sigmoid(x))"
    ),
    # The source gives a family; 1 throughout is its plainest member.
    parameters={"alpha": 1.0, "beta": 1.0, "gamma": 1.0, "delta": 1.0, "theta": 1.0},
    range=Interval(-0.08792075107003739, inf, True, False),
    wide=True,
    source=Source(
        "Biswas, Kumar, Banerjee, Pandey",
        2020,
        "EIS: a family of activation functions combining exponential, ISRU, and softplus",
    ),
)
