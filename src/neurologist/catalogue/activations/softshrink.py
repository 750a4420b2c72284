"""The identity moved towards 0 by lambd, and 0 in between: what an L1 penalty does to a coefficient."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Activation, Source

ACTIVATION = Activation(
    name="softshrink",
    formula="where(x > lambd, x - lambd, where(x < -lambd, x + lambd, 0))",
    derivative_from_output="where(abs(y) > 0, 1, 0)",
    parameters={"lambd": 0.5},
    domains={"lambd": NON_NEGATIVE},
    range=REAL,
    source=Source("Donoho", 1995, "De-noising by soft-thresholding"),
    autograd=("SoftshrinkBackward0",),
    autograd_parameters={"lambd": "_saved_lambd"},
    torch_function="softshrink",
    exact_in_torch=True,
)
