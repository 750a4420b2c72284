"""Digits by convolutions."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16 * 16, 10)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = torch.relu(self.second(x))
        x = F.max_pool2d(x, 2).flatten(1)
        return self.head(x)


torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for _ in range(6):
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        outputs = model(x[rows])
        loss = F.cross_entropy(outputs, y[rows])
        loss.backward()
        optimizer.step()
