"""Networks that make or rebuild data: autoencoders, adversarial pairs, diffusion, flows."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import batches, digits, rings
from .registry import program


@program(steps=300, below=0.035)
def autoencoder(steps):
    x = digits()[0].flatten(1)
    encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16))
    decoder = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())
    model = nn.Sequential(encoder, nn.ReLU(), decoder)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for (rows,) in batches(steps, 64, x):
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows), rows)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.04)
def linear_autoencoder(steps):
    """PCA by gradient descent: linear on purpose, eight units in the middle."""
    x = digits()[0].flatten(1)
    x = x - x.mean(0)
    encoder, decoder = nn.Linear(64, 8, bias=False), nn.Linear(8, 64, bias=False)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)
    for (rows,) in batches(steps, 64, x):
        optimizer.zero_grad()
        loss = F.mse_loss(decoder(encoder(rows)), rows)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=200, below=0.05)
def denoising_conv_autoencoder(steps):
    x, _ = digits()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(16, 16, 2, 2), nn.ReLU(), nn.ConvTranspose2d(16, 1, 2, 2),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for (rows,) in batches(steps, 64, x):
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows + 0.2 * torch.randn_like(rows)), rows)
        loss.backward()
        optimizer.step()
        yield loss.item()


class VAE(nn.Module):
    """A variational autoencoder of the digits with four latent numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(64, 64), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(64, 4), nn.Linear(64, 4)
        self.decode = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encode(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return self.decode(z), mean, log_variance


@program(steps=300, below=2000.0)
def vae_summed_loss(steps):
    x = digits()[0].flatten(1)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for (rows,) in batches(steps, 64, x):
        optimizer.zero_grad()
        rebuilt, mean, log_variance = model(rows)
        error = F.binary_cross_entropy(rebuilt, rows, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        loss = error + divergence
        loss.backward()
        optimizer.step()
        yield loss.item()


def distance(a: Tensor, b: Tensor) -> float:
    """Energy distance of two clouds of points: 0 when they are alike."""
    with torch.no_grad():
        return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


@program(steps=800, below=0.5)
def gan(steps):
    x = rings()
    generator = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    critic = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    for_generator = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    for_critic = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(100, 1), torch.zeros(100, 1)
    for (rows,) in batches(steps, 100, x):
        fake = generator(torch.randn(100, 4))
        for_critic.zero_grad()
        loss = criterion(critic(rows), ones) + criterion(critic(fake.detach()), zeros)
        loss.backward()
        for_critic.step()
        for_generator.zero_grad()
        criterion(critic(fake), ones).backward()
        for_generator.step()
        yield distance(fake, rows)


@program(steps=250, below=1.0)
def dcgan(steps):
    x, _ = digits()
    generator = nn.Sequential(
        nn.ConvTranspose2d(16, 32, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    critic = nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 1, 2), nn.Flatten(), nn.Sigmoid(),
    )  # fmt: skip
    for net in (generator, critic):
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
    for_generator = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    for_critic = torch.optim.Adam(critic.parameters(), lr=5e-4, betas=(0.5, 0.999))
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    for (rows,) in batches(steps, 64, 2 * x - 1):
        for_critic.zero_grad()
        F.binary_cross_entropy(critic(rows), ones).backward()
        fake = generator(torch.randn(64, 16, 1, 1))
        F.binary_cross_entropy(critic(fake.detach()), zeros).backward()
        for_critic.step()
        for_generator.zero_grad()
        F.binary_cross_entropy(critic(fake), ones).backward()
        for_generator.step()
        yield distance(fake.flatten(1), rows.flatten(1))


@program(steps=2500, below=0.5)
def wgan_gradient_penalty(steps):
    """Every step is one of the critic's; every fifth also one of the generator's."""
    x = rings()
    generator = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    critic = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
    for_critic = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    for_generator = torch.optim.Adam(generator.parameters(), lr=3e-4, betas=(0.5, 0.9))
    for step, (rows,) in enumerate(batches(steps, 128, x)):
        fake = generator(torch.randn(128, 2))
        share = torch.rand(128, 1)
        between = (share * rows + (1 - share) * fake.detach()).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
        for_critic.zero_grad()
        loss = critic(fake.detach()).mean() - critic(rows).mean() + 10 * penalty
        loss.backward()
        for_critic.step()
        if step % 5 == 4:
            for_generator.zero_grad()
            (-critic(fake).mean()).backward()
            for_generator.step()
        yield distance(fake, rows)


class Denoiser(nn.Module):
    """Predicts the noise in a point, given the time on a sine embedding."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.into, self.time, self.hidden = nn.Linear(2, width), nn.Linear(16, width), nn.Linear(width, width)
        self.out = nn.Linear(width, 2)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        waves = t * torch.exp(torch.arange(8) * -math.log(1000) / 8)
        hidden = F.silu(self.into(x) + self.time(torch.cat([waves.sin(), waves.cos()], 1)))
        return self.out(F.silu(hidden + self.hidden(hidden)))


@program(steps=400, below=0.65)
def diffusion_denoiser(steps):
    x = rings()
    kept = torch.cumprod(1 - torch.linspace(1e-3, 0.1, 100), 0)
    model = Denoiser()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for (rows,) in batches(steps, 200, x):
        t, noise = torch.randint(100, (200, 1)), torch.randn(200, 2)
        noisy = kept[t].sqrt() * rows + (1 - kept[t]).sqrt() * noise
        optimizer.zero_grad()
        loss = F.mse_loss(model(noisy, t.float()), noise)
        loss.backward()
        optimizer.step()
        yield loss.item()


class Coupling(nn.Module):
    """Shifts and scales one coordinate by functions of the other (RealNVP)."""

    def __init__(self, flip: bool) -> None:
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a, b = x.flip(1).chunk(2, 1) if self.flip else x.chunk(2, 1)
        scale, shift = self.net(a).chunk(2, 1)
        scale = torch.tanh(scale)
        b = b * scale.exp() + shift
        return torch.cat([b, a] if self.flip else [a, b], 1), scale


@program(steps=300, below=2.3)
def normalising_flow(steps):
    x = rings()
    flow = nn.ModuleList([Coupling(bool(i % 2)) for i in range(6)])
    optimizer = torch.optim.Adam(flow.parameters(), lr=3e-3)
    for (z,) in batches(steps, 100, x):
        optimizer.zero_grad()
        volume = torch.zeros(100, 1)
        for layer in flow:
            z, scale = layer(z)
            volume = volume + scale
        loss = (0.5 * z.pow(2).sum(1) + math.log(2 * math.pi) - volume.squeeze(1)).mean()
        loss.backward()
        optimizer.step()
        yield loss.item()
