"""Model English text character by character with a small causal transformer."""

import argparse
import math
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class CharTransformer(nn.Module):
    def __init__(self, vocabulary, length, width=64, depth=2, heads=4):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.zeros(length, width))
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)
        nn.init.normal_(self.token.weight, std=0.1)
        nn.init.normal_(self.position, std=0.1)

    def forward(self, characters):
        x = self.token(characters) + self.position[: characters.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def corpus(size=300_000):
    """The reference pages that come with Python, as character numbers."""
    text = "\n".join(topics[name] for name in sorted(topics))[:size]
    number = {character: i for i, character in enumerate(sorted(set(text)))}
    return torch.tensor([number[character] for character in text]), len(number)


def windows(data, count, length):
    start = torch.randint(len(data) - length, (count, 1))
    block = data[start + torch.arange(length + 1)]
    return block[:, :-1], block[:, 1:]


def bits_per_character(model, x, y):
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item() / math.log(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=100, help="optimizer steps in an epoch")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    data, vocabulary = corpus()
    train, held_out = data[: int(0.9 * len(data))], data[int(0.9 * len(data)) :]
    frequency = torch.bincount(train, minlength=vocabulary) / len(train)
    unigram = -(frequency * frequency.clamp_min(1e-12).log2()).sum().item()
    print(f"{len(data)} characters of {vocabulary} kinds; frequencies alone need {unigram:.3f} bits per character")

    model = CharTransformer(vocabulary, args.length)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        for _ in range(args.steps):
            x, y = windows(train, args.batch_size, args.length)
            loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            bits = bits_per_character(model, *windows(held_out, 64, args.length))
        print(f"epoch {epoch + 1}: train loss {loss.item():.3f}, held-out bits per character {bits:.3f}")


if __name__ == "__main__":
    main()
