"""The architectures people fetch from the hub, at toy size with random weights; need `transformers`."""

from importlib.util import find_spec

import torch

from .data import batches, digits, passages, text
from .registry import program


def gpt2(steps):
    from transformers import GPT2Config, GPT2LMHeadModel

    _, letters = text()
    ends = {"bos_token_id": None, "eos_token_id": None}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=letters, n_positions=32, n_embd=48, n_layer=2, n_head=4, **ends))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for rows, _ in passages(steps, 8, 32):
        optimizer.zero_grad()
        loss = model(input_ids=rows, labels=rows).loss
        loss.backward()
        optimizer.step()
        yield loss.item()


def bert(steps):
    from transformers import BertConfig, BertForMaskedLM

    _, letters = text()
    shape = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
    model = BertForMaskedLM(BertConfig(vocab_size=letters + 1, max_position_embeddings=32, **shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for rows, _ in passages(steps, 16, 32):
        hidden = torch.rand(rows.shape) < 0.15
        optimizer.zero_grad()
        loss = model(input_ids=rows.masked_fill(hidden, letters), labels=rows.masked_fill(~hidden, -100)).loss
        loss.backward()
        optimizer.step()
        yield loss.item()


def vit(steps):
    from transformers import ViTConfig, ViTForImageClassification

    x, y = digits()
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    model = ViTForImageClassification(ViTConfig(image_size=8, patch_size=2, num_channels=1, num_labels=10, **shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for images, labels in batches(steps, 64, 2 * x - 1, y):
        optimizer.zero_grad()
        loss = model(pixel_values=images, labels=labels).loss
        loss.backward()
        optimizer.step()
        yield loss.item()


if find_spec("transformers"):
    program(steps=200, below=2.8, name="hub-gpt2")(gpt2)
    program(steps=300, below=3.4, name="hub-bert")(bert)
    program(steps=250, below=0.7, name="hub-vit")(vit)
