"""Predict the next character of English text from the eight before it, with embeddings and one hidden layer."""

import argparse
import math
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional as F

CONTEXT = 8


class NextCharacter(nn.Module):
    def __init__(self, vocabulary, embedding=16, hidden=128):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.hidden = nn.Linear(CONTEXT * embedding, hidden)
        self.head = nn.Linear(hidden, vocabulary)
        self.apply(self.init_weights)

    def init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.constant_(module.weight, 0.01)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, characters):
        x = self.embed(characters).flatten(1)
        x = torch.tanh(self.hidden(x))
        return self.head(x)


def corpus(size=200_000):
    """The reference pages that come with Python, as character numbers."""
    text = "\n".join(topics[name] for name in sorted(topics))[:size]
    alphabet = sorted(set(text))
    number = {character: i for i, character in enumerate(alphabet)}
    return torch.tensor([number[character] for character in text]), alphabet


def sample(data, batch_size):
    start = torch.randint(len(data) - CONTEXT, (batch_size,))
    window = data[start[:, None] + torch.arange(CONTEXT + 1)]
    return window[:, :-1], window[:, -1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=200, help="optimizer steps in an epoch")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    data, alphabet = corpus()
    cut = int(0.9 * len(data))
    train, held_out = data[:cut], data[cut:]
    model = NextCharacter(len(alphabet))
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

    for epoch in range(args.epochs):
        running = 0.0
        for _ in range(args.steps):
            context, following = sample(train, args.batch_size)
            loss = F.cross_entropy(model(context), following)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item()
        with torch.no_grad():
            context, following = sample(held_out, 4096)
            bits = F.cross_entropy(model(context), following).item() / math.log(2)
        print(f"epoch {epoch + 1:2d}: train loss {running / args.steps:.3f}, held-out bits per character {bits:.3f}")


if __name__ == "__main__":
    main()
