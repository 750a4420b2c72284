"""Three straight pieces, with learnt corners and learnt outer slopes."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="srelu",
    formula="where(x >= t_r, t_r + a_r * (x - t_r), where(x <= t_l, t_l + a_l * (x - t_l), x))",
    # The source starts t_r from the data; here it starts at 1, where slope 1 makes no corner yet.
    parameters={"t_r": 1.0, "a_r": 1.0, "t_l": 0.0, "a_l": 0.2},
    learnable=("t_r", "a_r", "t_l", "a_l"),
    range=REAL,
    source=Source(
        "Jin, Xu, Feng, Wei, Xiong, Yan", 2016, "Deep learning with S-shaped rectified linear activation units"
    ),
)
