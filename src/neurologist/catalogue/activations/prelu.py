"""ReLU with a learnt slope below 0: one for all channels, or one each."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="prelu",
    formula="where(x > 0, x, weight * x)",
    derivative_from_output="where(y > 0, 1, weight)",
    parameters={"weight": 0.25},
    learnable=("weight",),
    range=REAL,
    source=Source(
        "He, Zhang, Ren, Sun",
        2015,
        "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    ),
    autograd=("PreluKernelBackward0",),
    autograd_parameters={"weight": "_saved_weight"},
    torch_function="prelu",
)
