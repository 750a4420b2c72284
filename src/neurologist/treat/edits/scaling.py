"""Scales and precision in a source.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from neurologist.treat.edits import anchors, losses, replacing, rows, statements
from neurologist.treat.edits.imported import imported, imports, named, top_block, top_line
from neurologist.treat.edits.scales import COLUMNS, digits
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, called, last_name
from neurologist.treat.places import Made
from neurologist.treat.seen import Step

STANDARDISE = '''class Standardise(torch.nn.Module):
    """Subtracts the mean of the training inputs and divides by their standard deviation."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean){image})
        self.register_buffer("std", torch.tensor(std){image})

    def forward(self, x):
        return (x - self.mean) / self.std'''
RESCALE = '''class Rescale(torch.nn.Module):
    """Brings outputs of unit scale to the scale of the targets."""

    def forward(self, x):
        return x * TARGET_STD + TARGET_MEAN'''
HALF = ("float16", "bfloat16", "half")


def inputs(sources: Sources, mean: Sequence[float], std: Sequence[float]) -> None:
    """The model standardises what it gets."""
    seen = sources.seen
    made = seen.modules.get((0, ""))
    if made is None or len(seen.forwards) != 1 or seen.given != 1:
        raise Doubt("there is more than one model, or more than one input")
    numbers = [digits(*pair) for pair in zip(mean, std, strict=True)]
    if not made.own:
        _in_row(sources, made, numbers)
        return
    source, function = _forward(sources, made)
    name = _first_parameter(source, function)
    if len(mean) == 1:
        _at_top(source, function, f"{name} = ({name} - {numbers[0][0]}) / {numbers[0][1]}")
        return
    code = [f"torch.tensor([{', '.join(column)}]){_image(sources)}" for column in zip(*numbers, strict=True)]
    if len(mean) > COLUMNS:
        _from_data(sources, "{model}.input_mean", "{model}.input_std")
        code = [f"torch.zeros({len(mean)})", f"torch.ones({len(mean)})"]
    _buffers(source, function, *(imported(source, value) for value in code))
    _at_top(source, function, f"{name} = ({name} - self.input_mean) / self.input_std")


def _in_row(sources: Sources, made: Made, numbers: Sequence[tuple[str, str]]) -> None:
    """A layer of its own at the front of a Sequential."""
    source, row = _row(sources, made, sources.seen.forwards[0][0].names.get("model", ""))
    sources.rows("shifted")
    if len(numbers) == 1:
        given = ", ".join(numbers[0])
    elif len(numbers) <= COLUMNS:
        given = ", ".join(f"[{', '.join(column)}]" for column in zip(*numbers, strict=True))
    else:
        _from_data(sources, "{model}[0].mean", "{model}[0].std")
        given = f"[0.0] * {len(numbers)}, [1.0] * {len(numbers)}"
    image = _image(sources) if len(numbers) > 1 else ""
    top_block(source, imported(source, STANDARDISE.format(image=image)))
    first = row.args[0]
    if first.star:
        source.insert(source.span(first)[0], f"Standardise({given}), ", behind=False)
    else:
        rows.before(source, first.value, f"Standardise({given})")


def _image(sources: Sources) -> str:
    """What gives numbers per channel the shape to meet images."""
    ones = len(sources.seen.shapes["input"]) - 2
    return f".view({', '.join(['-1', *['1'] * ones])})" if ones else ""


def _from_data(sources: Sources, mean: str, std: str) -> None:
    """Mean and deviation of the training data, when training begins."""
    source, statement, names, _ = anchors.begins(sources)
    data = sources.seen.data.get((source.path, anchors.begun(sources).first))
    if data is None or _image(sources):
        raise Doubt("the training inputs have no name where the model is made")
    both = f"{data}.mean(0), std.clamp_min(std.max() / 100)"
    code = f"std = {data}.std(0, correction=0)\n{mean}, {std} = {both}"
    statements.before(source, statement, code.replace("{model}", names["model"]))


def _forward(sources: Sources, made: Made) -> tuple[Source, cst.FunctionDef]:
    assert made.forward is not None
    source = sources.file(made.forward[0])
    for node in source.nodes(cst.FunctionDef):
        if isinstance(node, cst.FunctionDef) and node.name.value == "forward":
            first = min([source.line(node), *map(source.line, node.decorators)])
            if made.forward[1] in (first, source.line(node)):
                return source, node
    raise Doubt(f"{made.forward[0]}:{made.forward[1]} is no forward")


def _first_parameter(source: Source, function: cst.FunctionDef) -> str:
    parameters = function.params.params
    if len(parameters) < 2:
        raise Doubt(f"{source.path}:{source.line(function)} takes its input in no plain way")
    return parameters[1].name.value


def _body(source: Source, function: cst.FunctionDef) -> list[cst.CSTNode]:
    body = function.body
    if not isinstance(body, cst.IndentedBlock):
        raise Doubt(f"{source.path}:{source.line(function)} is one line")
    return [node.body[-1] if isinstance(node, cst.SimpleStatementLine) else node for node in body.body]


def _at_top(source: Source, function: cst.FunctionDef, code: str) -> None:
    body = _body(source, function)
    if function.get_docstring() is None:
        statements.before(source, body[0], code)
    else:
        statements.behind(source, body[0], code)


def _buffers(source: Source, forward: cst.FunctionDef, mean: str, std: str) -> None:
    block = source.parent(forward)
    starts = [n for n in getattr(block, "body", ()) if isinstance(n, cst.FunctionDef) and n.name.value == "__init__"]
    for line in _body(source, starts[0]) if starts else ():
        if isinstance(line, cst.Expr) and source.code(line).startswith("super(") and "__init__" in source.code(line):
            pairs = {"input_mean": mean, "input_std": std}.items()
            statements.behind(source, line, "\n".join(f'self.register_buffer("{n}", {c})' for n, c in pairs))
            return
    raise Doubt(f"{source.path}:{source.line(forward)} is of a class that does not call super().__init__()")


def _row(sources: Sources, made: Made, name: str) -> tuple[Source, cst.Call]:
    """The call of Sequential that makes the model."""
    if made.kind != "Sequential" or made.at is None:
        raise Doubt(f"the model is a {made.kind}")
    source = sources.file(made.at.file)
    if any(f"{name}[" in other.text for other in sources.all):
        raise Doubt(f"layers of {name} are used by their numbers")
    row = source.call(made.at, "Sequential")
    if not row.args or any(called(node) == "OrderedDict" for node in source.calls("OrderedDict")):
        raise Doubt(f"{source.path}:{source.line(row)} lists no layers")
    return source, row


def targets(sources: Sources, step: Step, mean: str, std: str) -> None:
    """The model gives the targets' scale; the loss compares at unit scale."""
    made = sources.seen.modules.get((0, ""))
    source, call = sources.call(step)
    if made is None or len(sources.seen.forwards) != 1:
        raise Doubt("there is more than one model")
    constants = f"TARGET_MEAN, TARGET_STD = {mean}, {std}  # of the training targets"
    for at, keyword in enumerate(("input", "target")):
        index = replacing.argument(call, keyword, at)
        if index is None:
            raise Doubt(f"{source.path}:{source.line(call)} gives its arguments in no plain way")
        value = call.args[index].value
        start, end = _brackets(value)
        source.wrap(value, f"({start}", f"{end} - TARGET_MEAN) / TARGET_STD")
    if made.own:
        home, forward = _forward(sources, made)
        returned = [n for n in home.nodes(cst.Return) if anchors.inside(home, forward, n)]
        given = returned[0].value if len(returned) == 1 and isinstance(returned[0], cst.Return) else None
        if given is None or isinstance(given, cst.Tuple | cst.Dict):
            raise Doubt(f"{home.path}:{home.line(forward)} does not return one thing at one place")
        start, end = _brackets(given)
        home.wrap(given, start, f"{end} * TARGET_STD + TARGET_MEAN")
    else:
        home, row = _row(sources, made, sources.seen.forwards[0][0].names.get("model", ""))
        top_block(home, imported(home, RESCALE))
        home.insert(home.span(row.args[-1])[1], ", Rescale()", behind=True)
    for file in dict.fromkeys([source, home]):
        top_line(file, f"\n{constants}")


def _brackets(value: cst.BaseExpression) -> tuple[str, str]:
    """Those that an expression needs to be a part of a product."""
    return ("", "") if isinstance(value, losses.SIMPLE) or value.lpar else ("(", ")")


def single(sources: Sources) -> None:
    """Half precision becomes single precision, everywhere."""
    found = 0
    for source in sources.all:
        for node in source.nodes(cst.Attribute):
            owner = node.value if isinstance(node, cst.Attribute) else None
            mixed = any(isinstance(n, cst.Call) and called(n) == "autocast" for n in source.around(node, cst.Call))
            torchs = owner is not None and imports(source).get(source.code(owner)) == "torch"
            if torchs and last_name(node) in HALF and not mixed:
                source.replace(node, named(source, "torch.float32"))
                found += 1
        for name in ("half", "bfloat16"):
            for call in source.calls(name):
                if isinstance(call.func, cst.Attribute) and not call.args:
                    source.replace(call.func.attr, "float")
                    found += 1
        for call in source.calls("autocast"):
            replacing.arguments(source, call, {"dtype": None, "enabled": "False"}, {})
            found += 1
    if not found:
        raise Doubt("no line of the program names half precision")
