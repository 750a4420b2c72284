"""ReLU cut off at 6, so that it fits in few bits."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="relu6",
    formula="min(max(x, 0), 6)",
    derivative_from_output="where(min(y, 6 - y) > 0, 1, 0)",
    range=Interval(0.0, 6.0, True, True),
    source=Source("Krizhevsky", 2010, "Convolutional deep belief networks on CIFAR-10"),
    autograd=("HardtanhBackward0",),
    autograd_when={"_saved_min_val": 0.0, "_saved_max_val": 6.0},
    torch_function="relu6",
    exact_in_torch=True,
)
