"""A bent surface by fully connected layers."""

import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 64)
        self.second = nn.Linear(64, 64)
        self.head = nn.Linear(64, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = torch.relu(self.second(x))
        return self.head(x)


torch.manual_seed(0)
x = torch.randn(1000, 4)
y = torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]
y = (y - y.mean()) / y.std()
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
for _ in range(20):
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        outputs = model(x[rows])
        loss = F.mse_loss(outputs, y[rows])
        loss.backward()
        optimizer.step()
