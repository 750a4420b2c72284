"""Cross-entropy between the softmax of relevances and the softmax of scores: ranks a whole list."""

from neurologist.catalogue.spec import REAL, Loss, Source

REST = "(sum(where(z < max(z), exp(z - max(z)), 0)) + (sum(where(z < max(z), 0, 1)) - 1))"  # sum of others / largest
LESS = f"(log1p({REST}) + (max(z) - z))"  # -log p, with the digits that log(sum) would round away

LOSS = Loss(
    name="list_net",
    formula="-sum(exp(t) / sum(exp(t)) * log(exp(z) / sum(exp(z))))",
    stable=f"sum(exp(t - logsumexp(t)) * {LESS})",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="logits",
    applies="softmax",
    vector=True,
    source=Source("Cao, Qin, Liu, Tsai, Li", 2007, "Learning to rank: from pairwise approach to listwise approach"),
)
