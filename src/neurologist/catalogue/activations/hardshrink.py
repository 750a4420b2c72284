"""The identity with everything within lambd of 0 set to 0."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Activation, Source

ACTIVATION = Activation(
    name="hardshrink",
    formula="where(abs(x) > lambd, x, 0)",
    derivative_from_output="where(abs(y) > 0, 1, 0)",
    parameters={"lambd": 0.5},
    domains={"lambd": NON_NEGATIVE},
    range=REAL,
    source=Source("Donoho, Johnstone", 1994, "Ideal spatial adaptation by wavelet shrinkage"),
    autograd=("HardshrinkBackward0",),
    autograd_parameters={"lambd": "_saved_lambd"},
    torch_function="hardshrink",
    exact_in_torch=True,
)
