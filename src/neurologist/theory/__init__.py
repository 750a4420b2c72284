"""What follows from a function's formula: traits, gains, the fate of a gradient, and what fits what.

Nothing here imports torch or SymPy.
"""

from neurologist.theory.gain import Moments, gain
from neurologist.theory.pairing import Fit, canonical_link, canonical_scale, fits, output_for
from neurologist.theory.propagation import Propagation, gradient_factor, propagation, resolution_depth, signal_factor
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
    "gradient_factor",
    "output_for",
    "propagation",
    "resolution_depth",
    "signal_factor",
    "traits",
]
