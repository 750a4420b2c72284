"""Straight pieces between learnt heights at even steps, with learnt slopes outside: starts as ReLU."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

END = 3  # the pieces lie between -END and END, as in the source
HEIGHTS = {f"h_{i}": float(max(i - END, 0)) for i in range(2 * END + 1)}  # at -END, -END + 1, ..., END
PIECES = " + ".join(f"(h_{i + 1} - h_{i}) * min(max(x - {i - END}, 0), 1)" for i in range(2 * END))
SLOPES = "k_r"  # at a knot that of the piece before it, as ReLU's; a sum of slopes of `PIECES` would have neither there
for i in reversed(range(2 * END)):
    SLOPES = f"where(x <= {i - END + 1}, h_{i + 1} - h_{i}, {SLOPES})"

ACTIVATION = Activation(
    name="pwlu",
    formula=f"h_0 + {PIECES} + k_l * min(x + {END}, 0) + k_r * max(x - {END}, 0)",
    stable_derivative=f"where(x <= {-END}, k_l, {SLOPES})",
    parameters={**HEIGHTS, "k_l": 0.0, "k_r": 1.0},
    learnable=(*HEIGHTS, "k_l", "k_r"),
    range=NON_NEGATIVE,
    source=Source("Zhou, Zhu, Zhong", 2021, "Learning specialized activation functions with the piecewise linear unit"),
)
