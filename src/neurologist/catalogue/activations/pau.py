"""A learnt ratio of two polynomials, whose denominator is at least 1."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="pau",
    formula=(
        "(a_0 + a_1 * x + a_2 * x ** 2 + a_3 * x ** 3 + a_4 * x ** 4 + a_5 * x ** 5) / (1 + abs(b_1 * "
        "x + b_2 * x ** 2 + b_3 * x ** 3 + b_4 * x ** 4))"
    ),
    # Beyond 1 both polynomials in 1 / x, so that no power overflows.
    stable=(
        "where(abs(x) > 1, x * (a_5 + (a_4 + (a_3 + (a_2 + (a_1 + a_0 / x) / x) / x) / x) / x) / (1 / "
        "x / x / x / x + abs(b_4 + (b_3 + (b_2 + b_1 / x) / x) / x)), (a_0 + x * (a_1 + x * (a_2 + x * "
        "(a_3 + x * (a_4 + x * a_5))))) / (1 + abs(x * (b_1 + x * (b_2 + x * (b_3 + x * b_4))))))"
    ),
    # The source's fit to LeakyReLU of slope 0.2 on [-3, 3].
    parameters={
        "a_0": 0.02557776,
        "a_1": 0.66182815,
        "a_2": 1.58182975,
        "a_3": 2.94478759,
        "a_4": 0.95287794,
        "a_5": 0.23319681,
        "b_1": 0.50962605,
        "b_2": 4.1837689,
        "b_3": 0.3783209,
        "b_4": 0.32407314,
    },
    learnable=("a_0", "a_1", "a_2", "a_3", "a_4", "a_5", "b_1", "b_2", "b_3", "b_4"),
    range=REAL,
    wide=True,
    source=Source(
        "Molina, Schramowski, Kersting",
        2020,
        "Padé activation units: end-to-end learning of flexible activation functions in deep networks",
    ),
)
