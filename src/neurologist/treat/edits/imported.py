"""What a file calls a thing of torch: by the imports that it has, and with one more where it has none.

May import: libcst, `edits.syntax`.
"""

from __future__ import annotations

import re

import libcst as cst

from neurologist.treat.edits import statements
from neurologist.treat.edits.syntax import Source

TORCH = re.compile(r"\btorch(\.\w+)+")
USUAL = {  # where a file imports nothing that leads there: the import, and the name that it gives
    "torch.nn.functional": ("import torch.nn.functional as F", "F"),
    "torch.nn": ("from torch import nn", "nn"),
    "torch": ("import torch", "torch"),
}


def named(source: Source, dotted: str) -> str:
    """Code for "torch.nn.functional.relu" in a file; an import is added only where none leads there."""
    found = imports(source)
    if dotted not in found.values() and (extended := _one_more(source, dotted, found)):
        return extended
    known = [(whole, local) for local, whole in found.items() if dotted == whole or dotted.startswith(f"{whole}.")]
    if known:
        whole, local = max(known, key=lambda pair: (len(pair[0]), -len(pair[1])))
        return local + dotted[len(whole) :]
    for whole, (line, local) in USUAL.items():
        if dotted.startswith(f"{whole}.") and local not in found and not _bound(source, local):
            top_line(source, line)
            return local + dotted[len(whole) :]
    top_line(source, "import torch")
    return dotted


def _one_more(source: Source, dotted: str, found: dict[str, str]) -> str | None:
    """The name alone, added to `from torch.nn import ...` in a file that has that and no name for torch.nn."""
    module, _, name = dotted.rpartition(".")
    if module == "torch" or module in found.values() or _bound(source, name):
        return None
    for line in _top(source):
        for item in line.body:
            plain = isinstance(item, cst.ImportFrom) and item.module is not None and not item.relative
            if not plain or not isinstance(item, cst.ImportFrom) or isinstance(item.names, cst.ImportStar):
                continue
            if item.module is not None and source.code(item.module) == module:
                source.behind(item.names[-1], f", {name}")
                return name
    return None


def imported(source: Source, code: str) -> str:
    """Code with each name of torch in it as the file calls it: "torch.nn.init.zeros_" -> "nn.init.zeros_"."""
    return TORCH.sub(lambda match: named(source, match[0]), code)


def imports(source: Source) -> dict[str, str]:
    """Names that imports at the top of a file bind, and what each stands for."""
    found: dict[str, str] = {}
    for line in _top(source):
        for item in line.body:
            if not isinstance(item, cst.Import | cst.ImportFrom) or isinstance(item.names, cst.ImportStar):
                continue
            base = ""
            if isinstance(item, cst.ImportFrom):
                if item.module is None or item.relative:
                    continue
                base = source.code(item.module) + "."
            for alias in item.names:
                whole = source.code(alias.name)
                local = source.code(alias.asname.name) if alias.asname is not None else whole
                if isinstance(item, cst.Import) and alias.asname is None:
                    local = whole = whole.partition(".")[0]
                found[local] = base + whole
    return found


def _top(source: Source) -> list[cst.SimpleStatementLine]:
    return [line for line in source.module.body if isinstance(line, cst.SimpleStatementLine)]


def _bound(source: Source, name: str) -> bool:
    """The file uses the name already, for something of its own."""
    for node in source.nodes(cst.Name):
        parent = source.parent(node)
        part = isinstance(parent, cst.Attribute) and parent.attr is node
        imported = next(source.around(node, cst.Import, cst.ImportFrom), None) is not None
        if isinstance(node, cst.Name) and node.value == name and not part and not imported:
            return True
    return False


def _is_import(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom)


def top_line(source: Source, code: str) -> None:
    """A line behind the imports of a file; at its top, behind its docstring, where there are none."""
    imports = [line for line in source.module.body if _is_import(line)]
    if imports:
        statements.behind(source, imports[-1], code)
    elif source.module.body and source.module.get_docstring() is not None:
        statements.behind(source, source.module.body[0], f"\n{code}")
    elif source.module.body:
        statements.before(source, source.module.body[0], f"{code}\n")


def top_block(source: Source, code: str) -> None:
    """A class or function before the first of a file, or behind its imports."""
    first = next((n for n in source.module.body if isinstance(n, cst.FunctionDef | cst.ClassDef)), None)
    if first is not None:
        statements.before(source, first, f"{code}\n\n")
    else:
        more = any("class " in splice.text for splice in source.splices)
        top_line(source, f"\n{code}\n" if more else f"\n\n{code}\n")
