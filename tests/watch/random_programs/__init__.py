"""Training programs drawn at random, many of them nonsense: each is decided by one number."""

from .program import program

__all__ = ["program"]
