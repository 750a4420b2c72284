"""What was seen: one SQLite file, written while training runs and read by the diagnosis.

Only the standard library: a record can be written by one machine and read on another without PyTorch.
"""

from neurologist.record.run import Run
from neurologist.record.schema import SCHEMA_VERSION, RecordError
from neurologist.record.store import Store
from neurologist.record.subjects import Op, Optimizer, Parameter, Resting

__all__ = ["SCHEMA_VERSION", "Op", "Optimizer", "Parameter", "RecordError", "Resting", "Run", "Store"]
