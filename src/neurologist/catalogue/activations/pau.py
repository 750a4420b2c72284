"""A learnt ratio of two polynomials, whose denominator is at least 1."""

from neurologist.catalogue.spec import REAL, Activation, Source

# Beyond 1 both polynomials in r = 1 / x, so that no power overflows: x * A / (r ** 4 + |C|). Within, P / (1 + |Q|).
P, SLOPE_P = (
    "(a_0 + x * (a_1 + x * (a_2 + x * (a_3 + x * (a_4 + x * a_5)))))",
    "(a_1 + x * (2 * a_2 + x * (3 * a_3 + x * (4 * a_4 + x * (5 * a_5)))))",
)
Q, SLOPE_Q = "(x * (b_1 + x * (b_2 + x * (b_3 + x * b_4))))", "(b_1 + x * (2 * b_2 + x * (3 * b_3 + x * (4 * b_4))))"
A, SLOPE_A = (
    "(a_5 + r * (a_4 + r * (a_3 + r * (a_2 + r * (a_1 + r * a_0)))))",
    "(a_4 + r * (2 * a_3 + r * (3 * a_2 + r * (4 * a_1 + r * (5 * a_0)))))",
)
C, SLOPE_C = "(b_4 + r * (b_3 + r * (b_2 + r * b_1)))", "(b_3 + r * (2 * b_2 + r * (3 * b_1)))"
B = f"(r * r * r * r + abs({C}))"
SLOPE_B = f"(4 * r * r * r + sign({C}) * {SLOPE_C})"
FAR = f"x * {A} / {B}"
SLOPE_FAR = f"({A} * {B} - r * ({SLOPE_A} * {B} - {A} * {SLOPE_B})) / ({B} * {B})"
NEAR = f"{P} / (1 + abs({Q}))"
SLOPE_NEAR = f"({SLOPE_P} * (1 + abs({Q})) - {P} * (sign({Q}) * {SLOPE_Q})) / ((1 + abs({Q})) * (1 + abs({Q})))"

ACTIVATION = Activation(
    name="pau",
    formula=(
        "(a_0 + a_1 * x + a_2 * x ** 2 + a_3 * x ** 3 + a_4 * x ** 4 + a_5 * x ** 5) / (1 + abs(b_1 * "
        "x + b_2 * x ** 2 + b_3 * x ** 3 + b_4 * x ** 4))"
    ),
    stable=f"where(abs(x) > 1, {FAR.replace('r', '(1 / x)')}, {NEAR})",
    stable_derivative=f"where(abs(x) > 1, {SLOPE_FAR.replace('r', '(1 / x)')}, {SLOPE_NEAR})",
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
