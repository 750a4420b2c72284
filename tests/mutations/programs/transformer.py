"""The next value of a noisy wave by a small transformer."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(32)
        self.mix = nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)
        self.norm2 = nn.LayerNorm(32)
        self.first = nn.Linear(32, 64)
        self.second = nn.Linear(64, 32)

    def forward(self, x):
        q, k, v = self.mix(self.norm1(x)).chunk(3, dim=-1)
        shares = torch.softmax(q @ k.mT / 32**0.5, dim=-1)
        x = x + self.out(shares @ v)
        return x + self.second(F.gelu(self.first(self.norm2(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(1, 32)
        self.places = nn.Parameter(0.1 * torch.randn(24, 32))
        self.blocks = nn.Sequential(Block(), Block())
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        x = self.enter(x) + self.places
        x = self.blocks(x)
        return self.head(self.norm(x[:, -1]))


torch.manual_seed(0)
phase = 6.28 * torch.rand(768, 1)
waves = torch.sin(torch.arange(25) * (0.2 + torch.rand(768, 1)) + phase) + 0.05 * torch.randn(768, 25)
x = waves[:, :24].unsqueeze(2)
y = waves[:, 24:]
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for _ in range(15):
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        outputs = model(x[rows])
        loss = F.mse_loss(outputs, y[rows])
        loss.backward()
        optimizer.step()
