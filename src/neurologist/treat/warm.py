"""What every arm needs, loaded once: the server that arms are forked from imports this, see `treat.apart`.

No torch operation is run here: a process forked after a backward pass could not run its own.
May import: everything below `treat`, and its members.
"""

from __future__ import annotations

import torch._dynamo
import torch.nn.utils
import torch.optim

from neurologist import catalogue
from neurologist.diagnose import rules
from neurologist.functional import functions, losses
from neurologist.treat import trial
from neurologist.treat.treatment import treatments
from neurologist.watch import session

LOADED = (torch._dynamo, torch.nn.utils, torch.optim, trial, session)
rules()
treatments()
for family in (catalogue.activations, catalogue.losses, functions, losses):
    list(family.values())
