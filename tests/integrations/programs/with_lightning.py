import sys

import lightning
import torch
import torch.nn.functional as F
from digits import x, y
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Digits(lightning.LightningModule):
    def __init__(self, sick):
        super().__init__()
        self.sick = sick
        self.hidden = nn.Linear(64, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, images):
        scores = self.out(F.relu(self.hidden(images)))
        if self.sick:
            scores = F.softmax(scores, dim=1)  # the fault
        return scores

    def training_step(self, batch, index):
        images, labels = batch
        loss = F.cross_entropy(self(images), labels)
        self.log("loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, index):
        images, labels = batch
        self.log("accuracy", (self(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def train(sick, **options):
    lightning.seed_everything(0, verbose=False)
    data = TensorDataset(torch.tensor(x), torch.tensor(y))
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        enable_checkpointing=False,
        gradient_clip_val=1.0,
        logger=CSVLogger("logs"),
        max_epochs=4,
        **options,
    )
    loader = DataLoader(data, batch_size=64, shuffle=True)
    trainer.fit(Digits(sick), loader, DataLoader(data, batch_size=256))


if __name__ == "__main__":
    train(sick="healthy" not in sys.argv)
