"""Classify handwritten digits with a deeper network, its layers listed in a loop."""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn

BATCH = 64


def build(depth, width):
    layers = [nn.Flatten(), nn.Linear(64, width), nn.Sigmoid()]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width), nn.Sigmoid()]
    layers.append(nn.Linear(width, 10))
    return nn.Sequential(*layers)


def load_split(seed):
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32) / 8 - 1
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    images, labels = images[order], labels[order]
    cut = int(0.8 * len(images))
    return (images[:cut], labels[:cut]), (images[cut:], labels[cut:])


def train_one_epoch(model, optimizer, loss_fn, images, labels):
    model.train()
    losses = []
    for batch in torch.randperm(len(images)).split(BATCH):
        loss = loss_fn(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def evaluate(model, images, labels):
    model.eval()
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    (train_x, train_y), (test_x, test_y) = load_split(args.seed)
    net = build(args.depth, args.width)
    sgd = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
    cross_entropy = nn.CrossEntropyLoss()

    for epoch in range(args.epochs):
        mean_loss = train_one_epoch(net, sgd, cross_entropy, train_x, train_y)
        print(f"[{epoch + 1}/{args.epochs}] loss={mean_loss:.4f} accuracy={evaluate(net, test_x, test_y):.3f}")
