"""Networks that learn by comparing: contrastive pairs, triplets, teachers, experts, adapters."""

from copy import deepcopy
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import batches, digits, flat_digits, passages, text
from .registry import program


def view(images: Tensor) -> Tensor:
    """The image centred, moved by up to a pixel, with noise."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    moved = (images.roll((down, right), (2, 3)) - 0.3) / 0.38
    return (moved + 0.3 * torch.randn_like(images)).flatten(1)


def encoder() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32))


@program(steps=600, below=1.8)
def contrastive_pairs(steps):
    """InfoNCE: of all second views in the batch, which belongs to this first one?"""
    x, _ = digits()
    model, scale = encoder(), nn.Parameter(torch.tensor(2.0))
    optimizer = torch.optim.Adam([*model.parameters(), scale], lr=2e-3)
    for (rows,) in batches(steps, 64, x):
        optimizer.zero_grad()
        a, b = (F.normalize(model(view(rows)), dim=1) for _ in range(2))
        logits = a @ b.T * scale.exp()
        labels = torch.arange(len(rows))
        loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=1500, below=3.7)
def moco_queue(steps):
    """The right answer is always the first: labels are all 0. Keys come from a slow copy and a queue."""
    x, _ = digits()
    model = encoder()
    slow = deepcopy(model).requires_grad_(False)
    queue = F.normalize(torch.randn(256, 32), dim=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for (rows,) in batches(steps, 64, x):
        q = F.normalize(model(view(rows)), dim=1)
        with torch.no_grad():
            for p, s in zip(model.parameters(), slow.parameters(), strict=True):
                s.lerp_(p, 0.01)
            k = F.normalize(slow(view(rows)), dim=1)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], 1) / 0.2
        loss = F.cross_entropy(logits, torch.zeros(len(rows), dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        queue = torch.cat([k, queue])[:256]
        yield loss.item()


@program(steps=500, below=-0.7)
def simsiam_stop_gradient(steps):
    x, _ = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32), nn.BatchNorm1d(32))
    predict = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 32))
    optimizer = torch.optim.SGD([*model.parameters(), *predict.parameters()], lr=0.05, momentum=0.9)
    for (rows,) in batches(steps, 64, x):
        a, b = model(view(rows)), model(view(rows))
        loss = -(F.cosine_similarity(predict(a), b.detach()) + F.cosine_similarity(predict(b), a.detach())).mean() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


def draw(by_class: list[Tensor], kinds: Tensor) -> Tensor:
    """A random row of each of the given classes."""
    return torch.stack([by_class[k][torch.randint(len(by_class[k]), ())] for k in kinds])


@program(steps=250, below=0.2)
def siamese_triplet(steps):
    x, y = flat_digits()
    model = encoder()
    criterion = nn.TripletMarginLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    by_class = [x[y == k] for k in range(10)]
    for _ in range(steps):
        same = torch.randint(10, (64,))
        other = (same + torch.randint(1, 10, (64,))) % 10
        picks = [draw(by_class, kinds) for kinds in (same, same, other)]
        optimizer.zero_grad()
        loss = criterion(*(model(pick) for pick in picks))
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=250, below=0.35)
def skip_gram_negative_sampling(steps):
    _, letters = text()
    centre, context = nn.Embedding(letters, 24), nn.Embedding(letters, 24)
    optimizer = torch.optim.Adam([*centre.parameters(), *context.parameters()], lr=2e-2)
    for here, after in passages(steps, 16, 16):
        here, after = here.flatten(), after.flatten()
        noise = torch.randint(letters, (len(here), 5))
        optimizer.zero_grad()
        right = (centre(here) * context(after)).sum(1)
        wrong = (centre(here).unsqueeze(1) * context(noise)).sum(2)
        loss = -(F.logsigmoid(right).mean() + F.logsigmoid(-wrong).mean()) / 2
        loss.backward()
        optimizer.step()
        yield loss.item()


@cache
def teacher() -> nn.Sequential:
    """A wide network that knows the digits."""
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(120, 64, x, y):
        optimizer.zero_grad()
        F.cross_entropy(model(rows), labels).backward()
        optimizer.step()
    return model


@program(steps=300, below=0.3, before=teacher)
def knowledge_distillation(steps):
    x, y = flat_digits()
    wise = teacher().eval()
    model = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows, labels in batches(steps, 64, x, y):
        with torch.no_grad():
            hints = F.softmax(wise(rows) / 3, dim=1)
        optimizer.zero_grad()
        logits = model(rows)
        soft = F.kl_div(F.log_softmax(logits / 3, dim=1), hints, reduction="batchmean") * 9
        loss = 0.7 * soft + 0.3 * F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


class Adapted(nn.Module):
    """A frozen linear layer and a low-rank change to it that starts at zero (LoRA)."""

    def __init__(self, layer: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + 2 * (x @ self.a.T @ self.b.T)


@program(steps=250, below=0.4, before=teacher)
def lora_adapters(steps):
    """A network that knows digits learns them mirrored, by its adapters alone."""
    images, y = digits()
    x = (images.flip(3).flatten(1) - 0.3) * 2.5
    known = deepcopy(teacher())
    model = nn.Sequential(Adapted(known[0]), known[1], Adapted(known[2]))
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


class Experts(nn.Module):
    """A gate sends each row to two of four experts; a second loss keeps them all at work."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(64, 4)
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)) for _ in range(4)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        share = F.softmax(self.gate(x), dim=1)
        top, chosen = share.topk(2, dim=1)
        weights = torch.zeros_like(share).scatter(1, chosen, top / top.sum(1, keepdim=True))
        out = torch.stack([expert(x) for expert in self.experts], 1)
        balance = 4 * (share.mean(0) * (weights > 0).float().mean(0)).sum()
        return (weights.unsqueeze(2) * out).sum(1), balance


@program(steps=300, below=0.35)
def mixture_of_experts(steps):
    x, y = flat_digits()
    model = Experts()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        logits, balance = model(rows)
        loss = F.cross_entropy(logits, labels) + 0.05 * balance
        loss.backward()
        optimizer.step()
        yield loss.item()
