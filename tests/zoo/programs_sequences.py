"""Sequences: recurrent networks, transformers written out, translation with attention, CTC."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import batches, passages, text, waves
from .registry import program


class Recurrent(nn.Module):
    """The last state of a recurrent layer decides the class."""

    def __init__(self, kind: type[nn.RNNBase], layers: int = 1) -> None:
        super().__init__()
        self.rnn = kind(1, 32, layers, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(x)
        return self.head(states[:, -1])


def classify_waves(steps: int, model: nn.Module, lr: float):
    x, y = waves()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


@program(steps=200, below=0.3)
def lstm_classifier(steps):
    yield from classify_waves(steps, Recurrent(nn.LSTM), 1e-2)


@program(steps=200, below=0.3)
def gru_two_layers(steps):
    yield from classify_waves(steps, Recurrent(nn.GRU, 2), 5e-3)


@program(steps=300, below=0.8)
def plain_rnn(steps):
    yield from classify_waves(steps, Recurrent(nn.RNN), 3e-3)


@program(steps=200, below=0.3)
def temporal_convolutions(steps):
    net = nn.Sequential(
        nn.Conv1d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv1d(16, 16, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv1d(16, 16, 3, padding=4, dilation=4), nn.ReLU(),
        nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(16, 4),
    )  # fmt: skip
    x, y = waves()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for rows, labels in batches(steps, 64, x.transpose(1, 2), y):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=250, below=0.15)
def lstm_cell_forecast(steps):
    x, _ = waves()
    cell, head = nn.LSTMCell(1, 32), nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=1e-2)
    for (rows,) in batches(steps, 32, x):
        optimizer.zero_grad()
        state, loss = None, 0.0
        for t in range(12, 23):
            state = cell(rows[:, t], state)
            loss = loss + F.mse_loss(head(state[0]), rows[:, t + 1]) / 11
        loss.backward()
        optimizer.step()
        yield loss.item()


class Block(nn.Module):
    """Pre-norm attention and MLP, as in GPT-2."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(rows, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """A small decoder whose output layer shares the embedding's weight."""

    def __init__(self, letters: int, length: int, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList([Block(width, 4) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        self.head.weight = self.letters.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.letters(x) + self.places(torch.arange(x.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


@program(steps=200, below=2.9)
def gpt_tied_weights(steps):
    _, letters = text()
    model = GPT(letters, 32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
    for rows, following in passages(steps, 16, 32):
        optimizer.zero_grad(set_to_none=True)
        logits = model(rows)
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), following.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


class Bert(nn.Module):
    """A post-norm encoder that fills in masked letters."""

    def __init__(self, letters: int, length: int, width: int = 48) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters + 1, width), nn.Embedding(length, width)
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(width, 4, 96, 0.1, F.gelu, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2)
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width), nn.Linear(width, letters))

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.letters(x) + self.places(torch.arange(x.shape[1])))
        return self.head(self.body(x))


@program(steps=250, below=3.5)
def bert_masked_letters(steps):
    _, letters = text()
    model = Bert(letters, 32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=30)
    for rows, _ in passages(steps, 16, 32):
        hidden = torch.rand(rows.shape) < 0.15
        targets = rows.masked_fill(~hidden, -100)
        optimizer.zero_grad()
        logits = model(rows.masked_fill(hidden, letters))
        loss = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=-100)
        loss.backward()
        optimizer.step()
        warm.step()
        yield loss.item()


class Translator(nn.Module):
    """Encoder and decoder GRUs with additive attention."""

    def __init__(self, words: int, width: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.encoder = nn.GRU(width, width, batch_first=True)
        self.query, self.key, self.score = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 1)
        self.cell, self.out = nn.GRUCell(2 * width, width), nn.Linear(2 * width, words)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, last = self.encoder(self.embed(source))
        keys, state, logits = self.key(memory), last[0], []
        for word in self.embed(target).unbind(1):
            scores = self.score(torch.tanh(self.query(state).unsqueeze(1) + keys))
            context = (torch.softmax(scores, 1) * memory).sum(1)
            state = self.cell(torch.cat([word, context], 1), state)
            logits.append(self.out(torch.cat([state, context], 1)))
        return torch.stack(logits, 1)


@program(steps=250, below=1.2)
def seq2seq_attention(steps):
    """Reads six words and writes them backwards; the decoder is given the true word before (teacher forcing)."""
    model = Translator(12)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(steps):
        source = torch.randint(1, 12, (48, 6))
        target = source.flip(1)
        given = torch.cat([torch.zeros(48, 1, dtype=torch.long), target[:, :-1]], 1)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(source, given).flatten(0, 1), target.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


@program(steps=250, below=1.0)
def ctc_transcription(steps):
    """Each of three symbols lasts a few noisy frames; CTC finds where."""
    symbols = torch.randn(6, 8)
    listen, head = nn.LSTM(8, 32, batch_first=True, bidirectional=True), nn.Linear(64, 6)
    optimizer = torch.optim.Adam([*listen.parameters(), *head.parameters()], lr=1e-2)
    criterion = nn.CTCLoss(blank=0, zero_infinity=True)
    for _ in range(steps):
        said = torch.randint(1, 6, (16, 3))
        frames = symbols[said.repeat_interleave(4, 1)] + 0.3 * torch.randn(16, 12, 8)
        optimizer.zero_grad()
        scores = head(listen(frames)[0]).log_softmax(2).transpose(0, 1)
        loss = criterion(scores, said, torch.full((16,), 12), torch.full((16,), 3))
        loss.backward()
        optimizer.step()
        yield loss.item()
