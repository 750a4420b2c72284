"""The record's tables, each column with its meaning.

`TABLES` is the one statement of the fixed tables; the DDL, the checks and the `doc` table inside every record come
from it. Quantities add tables of their own with `quantity_table`: one row per (step, subject).
May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SCHEMA_VERSION = 3  # raised whenever a reader of one version cannot read, or could misread, a record of another


class RecordError(ValueError):
    """A record that cannot be read, with one line that says why and what to do."""


class Column(NamedTuple):
    """A column's SQL type and what it holds."""

    sql: str
    meaning: str


TABLES: dict[str, dict[str, Column]] = {
    "meta": {
        "key": Column("TEXT PRIMARY KEY", "schema, status, versions, program, process, started, seconds, cost, ..."),
        "value": Column("TEXT", "its value, as text"),
    },
    "doc": {
        "tbl": Column("TEXT", "a table of this file"),
        "col": Column("TEXT", "one of its columns"),
        "meaning": Column("TEXT", "what it holds, with its unit"),
    },
    "op": {
        "id": Column("INTEGER PRIMARY KEY", "number of the op in this record"),
        "key": Column("TEXT UNIQUE", "identity from step to step: place, module, autograd name and count"),
        "name": Column("TEXT", "autograd's name of the op, e.g. Relu"),
        "kind": Column("TEXT", "linear, conv, activation, softmax, normalisation, loss, shape, ..., unknown"),
        "function": Column("TEXT", "the torch.nn.functional call that made it, e.g. cross_entropy"),
        "member": Column("TEXT", "its name in the catalogue of activations and losses, e.g. leaky_relu"),
        "file": Column("TEXT", "source file of the user's line"),
        "line": Column("INTEGER", "line number, from 1"),
        "code": Column("TEXT", "the line"),
        "module": Column("TEXT", "path of the module whose forward made it, e.g. model.fc1"),
        "module_class": Column("TEXT", "that module's class"),
        "position": Column("INTEGER", "order in the forward pass, from 0"),
        "shape": Column("TEXT", "shape of its output when first seen, JSON list"),
        "dtype": Column("TEXT", "dtype of its output"),
        "options": Column("TEXT", "scalar arguments autograd kept (dim, reduction, ...), JSON object"),
        "facts": Column("TEXT", "what the catalogue derives for its member (range, slope, domain), JSON object"),
        "root": Column("INTEGER", "1 when .backward() was called on its output"),
        "first_step": Column("INTEGER", "step of its first sample"),
    },
    "edge": {
        "op": Column("INTEGER", "the op that reads"),
        "slot": Column("INTEGER", "which of its inputs"),
        "source": Column("INTEGER", "the op that made it"),
    },
    "op_parameter": {
        "op": Column("INTEGER", "the op"),
        "parameter": Column("INTEGER", "a parameter that it reads directly, or through reshaping alone"),
    },
    "parameter": {
        "id": Column("INTEGER PRIMARY KEY", "number of the parameter in this record"),
        "name": Column("TEXT", "path in the model, e.g. model.fc1.weight"),
        "shape": Column("TEXT", "JSON list"),
        "dtype": Column("TEXT", "e.g. float32"),
        "numel": Column("INTEGER", "number of entries"),
        "optimizer": Column("INTEGER", "the optimizer that steps it; NULL when none was seen to"),
        "part": Column("INTEGER", "1 when this process holds a part of it only, as sharded training does"),
    },
    "optimizer": {
        "id": Column("INTEGER PRIMARY KEY", "number of the optimizer in this record"),
        "name": Column("TEXT", "its class"),
        "options": Column("TEXT", "options of its first group, JSON object"),
        "file": Column("TEXT", "source file of the line that makes it, where the source leaves no doubt"),
        "line": Column("INTEGER", "that line's number, from 1"),
        "code": Column("TEXT", "that line"),
        "step_file": Column("TEXT", "source file of the line that first called its step"),
        "step_line": Column("INTEGER", "that line's number, from 1"),
        "step_code": Column("TEXT", "that line"),
    },
    "resting": {
        "id": Column("INTEGER PRIMARY KEY", "number among the parameters that no examined backward pass reached"),
        "name": Column("TEXT", "path in the model, e.g. model.fc1.weight"),
        "shape": Column("TEXT", "JSON list"),
        "numel": Column("INTEGER", "number of entries"),
        "optimizer": Column("INTEGER", "the optimizer that holds it; NULL when none was seen to"),
        "trainable": Column("INTEGER", "1 when it requires a gradient, 0 when it is frozen"),
        "called": Column("INTEGER", "1 when its module ran in an examined forward pass with gradients enabled"),
        "ahead": Column("INTEGER", "1 when it ran there before everything that backward reached"),
        "changed": Column("INTEGER", "1 when its values changed between two samples"),
        "rms": Column("REAL", "RMS of its entries when first seen"),
        "high": Column("REAL", "largest absolute value of an entry then"),
    },
    "mode": {
        "step": Column("INTEGER", "first sample in which a model ran so"),
        "module": Column("TEXT", "the model, e.g. model"),
        "training": Column("INTEGER", "1 in training mode, 0 in evaluation mode"),
        "norms": Column("INTEGER", "normalisations in it that keep running statistics"),
        "norms_off": Column("INTEGER", "how many of these are in evaluation mode"),
        "dropouts": Column("INTEGER", "dropout layers in it with p above 0"),
        "dropouts_off": Column("INTEGER", "how many of these are in evaluation mode"),
    },
    "rate": {
        "step": Column("INTEGER", "first step with these rates; of rates that change at every step a choice is kept"),
        "optimizer": Column("INTEGER", "the optimizer"),
        "lr": Column("TEXT", "learning rate of each group, JSON list"),
    },
    "step": {
        "step": Column("INTEGER", "optimizer step, from 0"),
        "pass": Column("INTEGER", "which backward pass of the step, from 0; from the fifth on, of a choice of steps"),
        "loss": Column("REAL", "mean of the tensor .backward() was called on; NULL when not finite"),
        "finite": Column("INTEGER", "0 when the loss was NaN or infinite"),
    },
    "sample": {
        "step": Column("INTEGER PRIMARY KEY", "a step examined in detail"),
        "why": Column("TEXT", "early, spaced, jump, last"),
        "cost": Column("REAL", "seconds that examining it took"),
        "scale": Column("REAL", "by how much a gradient scaler scaled the loss; NULL without one"),
    },
    "skipped": {
        "step": Column("INTEGER", "a step that a gradient scaler left out, because a gradient was not finite"),
        "optimizer": Column("INTEGER", "the optimizer"),
    },
    "rank": {
        "rank": Column("INTEGER PRIMARY KEY", "number of a process of those that train together, from 0"),
        "last": Column("INTEGER", "last step of which it told what it saw"),
        "status": Column("TEXT", "how its run ended; NULL where it did not say"),
        "steps": Column("INTEGER", "optimizer steps it took by then"),
        "place": Column("INTEGER", "how many others had ended before it"),
    },
    "rank_sample": {
        "step": Column("INTEGER", "sampled step"),
        "rank": Column("INTEGER", "the process that saw it"),
        "loss": Column("REAL", "mean of its losses; NULL when not finite"),
        "finite": Column("INTEGER", "0 when one of them was NaN or infinite"),
        "alone": Column("INTEGER", "1 when .backward() was called on single numbers, as losses are"),
        "batch": Column("INTEGER", "digest of what entered first layers: the same for the same batch; NULL if unknown"),
        "nonfinite": Column("INTEGER", "NaN or infinite entries in that, among those looked at"),
        "rms": Column("REAL", "RMS of that, over the first layers"),
        "varying": Column("REAL", "largest standard deviation of a feature of it over the batch"),
        "square": Column(
            "REAL",
            "its share of the squared L2 norm of the gradient, as optimizers got it: summed over "
            "processes, each entry counts once",
        ),
        "parameter": Column("TEXT", "name of the parameter that differs most from the first process's"),
        "apart": Column("REAL", "by how much: difference of RMS or mean, the larger, over RMS; before the step"),
        "differing": Column("INTEGER", "parameters that differ from the first process's; parts are not compared"),
        "agreeing": Column("INTEGER", "parameters that do not, of those that the step moved"),
    },
    "problem": {
        "step": Column("INTEGER", "step at which it happened; of what happens at every step a choice is kept"),
        "what": Column("TEXT", "what could not be measured"),
        "why": Column("TEXT", "the reason"),
        "count": Column("INTEGER", "how often"),
    },
}


def ddl(name: str, columns: Mapping[str, Column]) -> str:
    """The CREATE statement of a table."""
    return f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(f'{c} {spec.sql}' for c, spec in columns.items())})"


def quantity_table(subject: str, columns: Mapping[str, str]) -> dict[str, Column]:
    """Columns of a quantity's table: the step, its subject (op or parameter), then what it measures."""
    head = {"step": Column("INTEGER", "sampled step"), subject: Column("INTEGER", f"the {subject}'s id")}
    return {**head, **{name: Column("", meaning) for name, meaning in columns.items()}}
