"""Similarities of like (sp) and unlike (sn) items, each pulled the harder the further it is from its goal."""

from neurologist.catalogue.spec import POSITIVE, REAL, Interval, Loss, Source

LOSS = Loss(
    name="circle",
    formula="log(1 + sum(exp(gamma * weight_n * (sn - margin))) * sum(exp(-gamma * weight_p * (sp - 1 + margin))))",
    stable="softplus(logsumexp(gamma * weight_n * (sn - margin)) + logsumexp(-gamma * weight_p * (sp - 1 + margin)))",
    parameters={"gamma": 80.0, "margin": 0.4},
    domains={"gamma": POSITIVE},
    predictions=Interval(-1.0, 1.0, True, True),
    targets=REAL,
    target_kind="none",
    expects="real",
    link="tanh",
    vector=True,
    operands=("sp", "sn"),
    shapes={"sn": "length"},
    held={"weight_p": "max(1 + margin - sp, 0)", "weight_n": "max(sn + margin, 0)"},
    source=Source(
        "Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei",
        2020,
        "Circle loss: a unified perspective of pair similarity optimization",
    ),
)
