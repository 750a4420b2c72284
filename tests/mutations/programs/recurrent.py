"""The next character of a text by a recurrent network."""

import statistics
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(kinds, 24)
        self.cells = nn.LSTM(24, 64, batch_first=True)
        self.second = nn.Linear(64, 64)
        self.head = nn.Linear(64, kinds)

    def forward(self, x):
        x, _ = self.cells(self.embed(x))
        x = torch.relu(self.second(x))
        return self.head(x).transpose(1, 2)


torch.manual_seed(0)
text = Path(statistics.__file__).read_text(encoding="utf-8")[:20_000]
letters = sorted(set(text))
kinds = len(letters)
passages = torch.tensor([letters.index(letter) for letter in text]).unfold(0, 17, 16)
x = passages[:, :-1]
y = passages[:, 1:]
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for _ in range(12):
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        outputs = model(x[rows])
        loss = F.cross_entropy(outputs, y[rows])
        loss.backward()
        optimizer.step()
