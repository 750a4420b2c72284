"""Healthy programs in evaluation mode, with few rows or in half precision, that look wrong at a glance."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes
from neurologist.watch.session import watch

from .programs import Programs, adam, assert_no_alarm, batches, classifier

PROGRAMS = Programs()
healthy = PROGRAMS.healthy


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_alarm(program):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    assert_no_alarm(session.diagnose())


def train(model, optimizer, passes=25):
    for x, y in batches(passes):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


# -- modes and batches ----------------------------------------------------------------------------------------


def normalised():
    return classifier(nn.BatchNorm1d(64), nn.Dropout(0.1))


@healthy
def fine_tuning_with_the_statistics_that_came():
    model = normalised()
    with torch.no_grad():
        for x, _ in batches(3):
            model(x)
    model.eval()
    train(model, adam(model))


@healthy
def normalisations_that_are_frozen_late():
    """As in detection and in quantisation-aware training: the model stays in training mode, its statistics do not."""
    model = normalised()
    optimizer = adam(model)
    train(model, optimizer, passes=10)
    model[1].eval()
    train(model, optimizer, passes=10)


@healthy
def gradients_of_inputs_in_evaluation_mode_after_training():
    model = normalised()
    optimizer = adam(model)
    for x, y in batches(15):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    for x, y in batches(3):
        F.cross_entropy(model(x.clone().requires_grad_()), y).backward()  # which inputs matter


@healthy
def a_last_batch_of_one_image():
    images, y = stripes()
    model = nn.Sequential(nn.Conv2d(1, 16, 3, 2), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 9, 4))
    optimizer = adam(model)
    for _ in range(20):
        for rows in torch.randperm(321).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), y[rows]).backward()
            optimizer.step()


@healthy
def instance_norm_of_one_image():
    images, _ = stripes()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.InstanceNorm2d(16), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1)
    )
    optimizer = adam(model)
    for i in torch.randint(len(images), (300,)):
        optimizer.zero_grad()
        F.mse_loss(model(images[i : i + 1]), images[i : i + 1]).backward()
        optimizer.step()


@healthy
def one_large_image_at_a_time():
    images, _ = stripes()
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1))
    optimizer = adam(model)
    for _ in range(200):
        image = torch.cat(list(images[torch.randint(len(images), (16,))]), 1).unsqueeze(0)
        optimizer.zero_grad()
        F.mse_loss(model(image), image).backward()
        optimizer.step()


# -- half precision -------------------------------------------------------------------------------------------


def half(dtype=torch.float16):
    return torch.autocast("cpu", dtype=dtype)


@healthy
def a_gradient_scaler_that_skips_its_first_steps():
    model = classifier()
    optimizer, scaler = adam(model), torch.amp.GradScaler("cpu", init_scale=2.0**24)
    for x, y in batches():
        optimizer.zero_grad()
        with half():
            scores = model(x)
        scaler.scale(F.cross_entropy(scores.float(), y)).backward()
        scaler.step(optimizer)
        scaler.update()


@healthy
def float16_without_a_scale_where_gradients_are_large_enough():
    model = classifier()
    optimizer = adam(model)
    for x, y in batches():
        optimizer.zero_grad()
        with half():
            scores = model(x)
        F.cross_entropy(scores.float(), y).backward()
        optimizer.step()


@healthy
def single_precision_weights_in_a_bfloat16_forward():
    model = classifier()
    optimizer = adam(model, lr=0.001)
    for x, y in batches(40):
        optimizer.zero_grad()
        with half(torch.bfloat16):
            scores = model(x)
        F.cross_entropy(scores.float(), y).backward()
        optimizer.step()


@healthy
def bfloat16_weights_with_steps_that_are_large_enough():
    model = classifier().bfloat16()
    optimizer = adam(model, lr=0.01)
    for x, y in batches():
        optimizer.zero_grad()
        F.cross_entropy(model(x.bfloat16()).float(), y).backward()
        optimizer.step()
