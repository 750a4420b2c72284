"""Cross-entropy over inner products: each anchor should find its like among those of all anchors."""

from neurologist.catalogue.spec import REAL, Loss, Source

REST = "(sum(where(s < max(s), exp(s - max(s)), 0)) + (sum(where(s < max(s), 0, 1)) - 1))"  # sum of others / largest

LOSS = Loss(
    name="n_pair",
    formula="-log(sum(y * exp(s)) / sum(exp(s)))",
    stable=f"sum(y * (max(s) - s)) + log1p({REST})",
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "b"),
    prepare="products",
    prepared=("s", "y"),
    source=Source("Sohn", 2016, "Improved deep metric learning with multi-class N-pair loss objective"),
)
