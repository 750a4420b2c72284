"""Acting, physics and graphs: policies, value functions, equations as losses, message passing."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .registry import program


def push(state: Tensor, force: Tensor) -> tuple[Tensor, Tensor]:
    """A cart on a rail (position, speed) under a force: its next state, and minus its distance from 0."""
    speed = (0.9 * state[:, 1] + 0.3 * force).clamp(-2, 2)
    place = (state[:, 0] + 0.3 * speed).clamp(-3, 3)
    return torch.stack([place, speed], 1), -place.abs()


@program(steps=200, below=1.0)
def reinforce_policy_gradient(steps):
    """Yields the mean distance over an episode: the loss of a policy gradient says little."""
    policy = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    for _ in range(steps):
        state, logs, rewards = 2 * torch.randn(32, 2), [], []
        for _ in range(12):
            choice = torch.distributions.Categorical(logits=policy(state))
            action = choice.sample()
            logs.append(choice.log_prob(action))
            state, reward = push(state, action - 1.0)
            rewards.append(reward)
        gains = torch.stack(rewards).flip(0).cumsum(0).flip(0)
        gains = (gains - gains.mean(1, keepdim=True)) / (gains.std(1, keepdim=True) + 1e-6)
        optimizer.zero_grad()
        loss = -(torch.stack(logs) * gains).mean()
        loss.backward()
        optimizer.step()
        yield -torch.stack(rewards).mean().item()


@program(steps=400, below=0.3)
def q_learning_target_network(steps):
    """A walk on nine squares to the last one; yields the error of the values, known here in closed form."""
    squares = torch.eye(9)
    truth = 0.9 ** torch.arange(7, -1, -1)
    model, target = (nn.Sequential(nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, 2)) for _ in range(2))
    target.load_state_dict(model.state_dict())
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(steps):
        here, right = torch.randint(8, (64,)), torch.randint(2, (64,))
        there = (here + 2 * right - 1).clamp(0, 8)
        reward = (there == 8).float()
        with torch.no_grad():
            goal = reward + 0.9 * (1 - reward) * target(squares[there]).max(1).values
        value = model(squares[here]).gather(1, right.unsqueeze(1)).squeeze(1)
        loss = F.smooth_l1_loss(value, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 19:
            target.load_state_dict(model.state_dict())
        with torch.no_grad():
            yield (model(squares[:8]).max(1).values - truth).abs().mean().item()


@program(steps=300, below=0.9)
def actor_critic_bounded_actions(steps):
    """DDPG: a tanh-bounded actor climbs what a critic, learning beside it, says; yields the actor's distance."""
    actor = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
    critic = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 1))
    slow_actor = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh()).requires_grad_(False)
    slow_critic = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 1)).requires_grad_(False)
    pairs = ((actor, slow_actor), (critic, slow_critic))
    for net, slow in pairs:
        slow.load_state_dict(net.state_dict())
    for_critic = torch.optim.Adam(critic.parameters(), lr=3e-3)
    for_actor = torch.optim.Adam(actor.parameters(), lr=1e-3)
    for _ in range(steps):
        state = torch.randn(128, 2) * torch.tensor([1.5, 0.7])
        force = (actor(state).detach() + 0.3 * torch.randn(128, 1)).clamp(-1, 1)
        following, reward = push(state, force.squeeze(1))
        with torch.no_grad():
            later = slow_critic(torch.cat([following, slow_actor(following)], 1))
            goal = reward.unsqueeze(1) + 0.8 * later
        for_critic.zero_grad()
        F.mse_loss(critic(torch.cat([state, force], 1)), goal).backward()
        for_critic.step()
        for_actor.zero_grad()
        (-critic(torch.cat([state, actor(state)], 1)).mean()).backward()
        for_actor.step()
        for net, slow in pairs:
            for p, s in zip(net.parameters(), slow.parameters(), strict=True):
                s.data.lerp_(p.data, 0.05)
        yield walk(actor)


@torch.no_grad()
def walk(actor: nn.Module) -> float:
    """Mean distance from 0 over eight steps from fixed places."""
    state, rewards = torch.stack([torch.linspace(-2, 2, 21), torch.zeros(21)], 1), []
    for _ in range(8):
        state, reward = push(state, actor(state).squeeze(1))
        rewards.append(reward)
    return -torch.stack(rewards).mean().item()


@program(steps=200, below=1.0)
def ppo_clipped(steps):
    """Actor and critic on one trunk; four passes over each batch of episodes; yields the mean distance."""
    trunk = nn.Sequential(nn.Linear(2, 32), nn.Tanh())
    actor, critic = nn.Linear(32, 3), nn.Linear(32, 1)
    optimizer = torch.optim.Adam([p for m in (trunk, actor, critic) for p in m.parameters()], lr=5e-3)
    for step in range(steps):
        if step % 4 == 0:
            states, actions, rewards, state = [], [], [], 2 * torch.randn(32, 2)
            with torch.no_grad():
                for _ in range(12):
                    action = torch.distributions.Categorical(logits=actor(trunk(state))).sample()
                    states.append(state)
                    actions.append(action)
                    state, reward = push(state, action - 1.0)
                    rewards.append(reward)
                x, a = torch.cat(states), torch.cat(actions)
                gains = torch.stack(rewards).flip(0).cumsum(0).flip(0).flatten() / 10
                old = torch.distributions.Categorical(logits=actor(trunk(x))).log_prob(a)
                better = gains - critic(trunk(x)).squeeze(1)
                better = (better - better.mean()) / better.std()
        choice = torch.distributions.Categorical(logits=actor(trunk(x)))
        ratio = (choice.log_prob(a) - old).exp()
        gain = torch.min(ratio * better, ratio.clamp(0.8, 1.2) * better).mean()
        error = F.mse_loss(critic(trunk(x)).squeeze(1), gains)
        loss = -gain + 0.5 * error - 0.01 * choice.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trunk.parameters(), 0.5)
        optimizer.step()
        yield -torch.stack(rewards).mean().item()


@program(steps=500, below=1.0)
def physics_informed(steps):
    """u'' = -pi^2 sin(pi x) with u = 0 at both ends, by a network and its second derivative."""
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    ends = torch.tensor([[-1.0], [1.0]])
    for _ in range(steps):
        x = (2 * torch.rand(64, 1) - 1).requires_grad_()
        u = model(x)
        (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
        equation = ((bend + torch.pi**2 * torch.sin(torch.pi * x)) ** 2).mean()
        optimizer.zero_grad()
        loss = equation + 10 * (model(ends) ** 2).mean()
        loss.backward()
        optimizer.step()
        yield loss.item()


class GraphNet(nn.Module):
    """Two rounds of averaging over neighbours (GCN)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(features, 32), nn.Linear(32, classes)

    def forward(self, x: Tensor, spread: Tensor) -> Tensor:
        x = F.dropout(F.relu(spread @ self.first(x)), 0.3, self.training)
        return spread @ self.second(x)


@program(steps=150, below=0.3)
def graph_net(steps):
    """Three communities of nodes; labels of a few are known, all see each other: one batch, the whole graph."""
    kind = torch.arange(150) % 3
    likely = torch.where(kind[:, None] == kind, 0.1, 0.01)
    edges = torch.bernoulli(likely).triu(1)
    links = edges + edges.T + torch.eye(150)
    scale = links.sum(1).rsqrt()
    spread = scale[:, None] * links * scale
    x = torch.randn(150, 16) + torch.randn(3, 16)[kind] * 0.7
    seen = torch.rand(150) < 0.4
    model = GraphNet(16, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=5e-4)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, spread)[seen], kind[seen])
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=200, below=0.1)
def neural_ode_euler(steps):
    """A field learnt from where it carries points in ten Euler steps."""
    start = torch.randn(256, 2)
    turn = torch.linalg.matrix_exp(torch.tensor([[-0.2, 1.5], [-1.5, -0.2]]))
    field = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        x = start
        for _ in range(10):
            x = x + 0.1 * field(x)
        loss = F.mse_loss(x, start @ turn)
        loss.backward()
        optimizer.step()
        yield loss.item()
