"""Faults put into healthy programs, one edit of the source each, and whether the examination names them."""
