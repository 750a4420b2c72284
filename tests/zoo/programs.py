"""Fills the registry: importing this brings every program in."""

from . import (  # noqa: F401
    programs_control,
    programs_embeddings,
    programs_generative,
    programs_hub,
    programs_images,
    programs_mlp,
    programs_sequences,
    programs_tabular,
)
from .registry import ZOO, Program

__all__ = ["ZOO", "Program"]
