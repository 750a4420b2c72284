"""Activation functions, one file each.

To add one: copy `silu.py` under the new name, give `name` (the same as the file's), `formula`, `range` and `source`;
give `stable` and `stable_derivative` only where the tests show that the formula overflows or cancels; run
`pytest tests/catalogue`. Nothing else has to be edited. A member imports `catalogue.spec` and nothing else.
"""
