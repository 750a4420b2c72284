import sys

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed


class HalfAndHalf(torch.utils.data.Dataset):
    def __init__(self, count):
        self.words = torch.randint(2, 50, (count, 8))
        self.labels = (self.words[:, 0] < 26).long()

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        return {"input_ids": self.words[index], "labels": self.labels[index]}


def train(sick, **options):
    set_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertForSequenceClassification(BertConfig(vocab_size=50, max_position_embeddings=8, num_labels=2, **sizes))
    arguments = TrainingArguments(
        output_dir="out",
        per_device_train_batch_size=32,
        learning_rate=3.0 if sick else 1e-3,  # the fault
        num_train_epochs=2,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=HalfAndHalf(1600), **options)
    trainer.train()
    return trainer


if __name__ == "__main__":
    train(sick="healthy" not in sys.argv)
