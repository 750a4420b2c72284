"""ReLU of the input and of its negative, joined: twice as many entries come out."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="crelu",
    formula="join(max(x, 0), max(-x, 0))",
    vector=True,
    pullback="where(x > 0, first(g), 0) - where(x < 0, second(g), 0)",
    widens=2.0,
    range=NON_NEGATIVE,
    source=Source(
        "Shang, Sohn, Almeida, Lee",
        2016,
        ("Understanding and improving convolutional neural networks via concatenated rectified linear units"),
    ),
)
