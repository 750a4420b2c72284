import sys

import torch
from digits import x, y
from skorch import NeuralNetClassifier
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, images):
        scores = self.out(torch.relu(self.hidden(images)))
        return torch.softmax(scores, dim=-1)  # the fault, under a loss of logits


def train(sick, **options):
    torch.manual_seed(0)
    criterion = nn.CrossEntropyLoss if sick else nn.NLLLoss  # skorch takes the logarithm for NLLLoss itself
    net = NeuralNetClassifier(Net, criterion=criterion, lr=0.1, max_epochs=8, batch_size=64, **options)
    return net.fit(x, y)


if __name__ == "__main__":
    train(sick="healthy" not in sys.argv)
