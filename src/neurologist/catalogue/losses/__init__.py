"""Losses, one file each.

To add one: copy `mse.py` under the new name, give `name` (the same as the file's), `formula`, the two domains, what
predictions must be, and `source`; run `pytest tests/catalogue`. Nothing else has to be edited. A member imports
`catalogue.spec` and nothing else.
"""
