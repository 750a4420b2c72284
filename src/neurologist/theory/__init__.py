"""What follows from a function's formula: traits, gains, the fate of a gradient, and what fits what.

Nothing here imports torch or SymPy.
"""

from neurologist.theory.gain import Moments, gain
from neurologist.theory.pairing import Fit, canonical_link, canonical_scale, fits, output_for
from neurologist.theory.propagation import Propagation, propagation, resolution_depth
from neurologist.theory.traits import Traits, traits

__all__ = [
    "Fit",
    "Moments",
    "Propagation",
    "Traits",
    "canonical_link",
    "canonical_scale",
    "fits",
    "gain",
    "output_for",
    "propagation",
    "resolution_depth",
    "traits",
]
