"""When to look: one session around a training run."""
