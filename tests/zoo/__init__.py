"""Healthy programs that people really train, on which the examination must stay silent."""
