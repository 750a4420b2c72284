"""The rectified linear unit: lets positive values through and stops the rest."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="relu",
    formula="max(x, 0)",
    derivative_from_output="where(y > 0, 1, 0)",
    range=NON_NEGATIVE,
    source=Source("Nair, Hinton", 2010, "Rectified linear units improve restricted Boltzmann machines"),
    autograd=("ReluBackward0",),
    torch_function="relu",
    exact_in_torch=True,
)
