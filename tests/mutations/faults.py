"""All faults."""

from .network import network
from .objective import objective

FAULTS = (*objective.faults, *network.faults)
