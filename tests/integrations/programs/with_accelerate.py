import sys
from contextlib import nullcontext

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from digits import x, y
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(sick, around=nullcontext):
    set_seed(0)
    accelerator = Accelerator(cpu=True, mixed_precision="bf16", gradient_accumulation_steps=2)
    layers = [nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)]
    if sick:
        layers.append(nn.Softmax(dim=1))  # the fault
    model = nn.Sequential(*layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loader = DataLoader(TensorDataset(torch.tensor(x), torch.tensor(y)), batch_size=32, shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    with around(accelerator):
        for _ in range(5):
            for images, labels in loader:
                with accelerator.accumulate(model):
                    loss = nn.functional.cross_entropy(model(images), labels)
                    accelerator.backward(loss)
                    if accelerator.sync_gradients:
                        accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    optimizer.zero_grad()


if __name__ == "__main__":
    train(sick="healthy" not in sys.argv)
