"""Proving a cure: treatments injected into the user's own program, and trials against a control."""
