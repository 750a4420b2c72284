"""Can the numbers be trusted here? Each one that an examination records, against the same by PyTorch's own hooks.

`witnessed` runs a program under both and compares, `trust` sums that up; `stacks` are small programs, one file each,
for the ways of training that have misled monitors. A number is right, an estimate (of large tensors a part is
measured), not measured, or wrong.
May import: `watch` and what stands below it.
"""

from neurologist.selftest.compare import Row, Trust, trust, unchanged, witnessed
from neurologist.selftest.found import Stack, stacks

__all__ = ["Row", "Stack", "Trust", "stacks", "trust", "unchanged", "witnessed"]
