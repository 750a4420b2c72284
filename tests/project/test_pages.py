"""The pages of every function: made from the catalogue, none stale, none missing, none too many."""

import re
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from neurologist.catalogue import activations, losses

LARGEST = 2_000_000  # bytes of all pages
MACHINE = re.compile(r"\b\d[\d.]* (?:ms|ns|seconds|times ReLU)\b")  # what differs from one machine to the next


@pytest.fixture(scope="module")
def tool(root):
    spec = spec_from_file_location("pages", root / "tools" / "pages.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tool):
    return tool.pages()


def test_no_page_is_stale(tool, made, capsys):
    assert tool.main(["--check"], lambda: made) == 0, capsys.readouterr().out[:2000]


def test_a_stale_a_missing_and_a_superfluous_page_are_noticed(tool, made, tmp_path, capsys):
    few = {name: made[name] for name in ("gelu.md", "mse.md", "index.md")}
    folder = tmp_path / "functions"
    check = ["--check", "--folder", str(folder)]
    assert tool.main(check, lambda: few) == 1  # nothing is there yet
    assert tool.main(check[1:], lambda: few) == 0
    assert tool.main(check, lambda: few) == 0
    (folder / "gelu.md").write_text(few["gelu.md"].replace("1.129", "1.128"), encoding="utf-8")
    (folder / "mse.md").unlink()
    (folder / "gone.md").write_text("# gone\n", encoding="utf-8")
    capsys.readouterr()
    assert tool.main(check, lambda: few) == 1
    said = capsys.readouterr()
    assert "+++ generated/gelu.md" in said.out
    assert "+# mse" in said.out
    assert "-# gone" in said.out
    assert "stale: run `make generated`" in said.err
    assert tool.main(check[1:], lambda: few) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(few)


def test_every_member_has_a_page_and_a_line_in_the_index(made):
    assert set(made) == {"index.md", *(f"{name}.md" for family in (activations, losses) for name in family)}
    assert set(re.findall(r"^\| \[(\w+)\]\(\1\.md\) ", made["index.md"], re.M)) == {*activations, *losses}
    assert sum(len(text.encode()) for text in made.values()) < LARGEST


@pytest.mark.parametrize("family", [activations, losses], ids=lambda family: family.kind)
def test_pages_hold_what_a_reader_looks_for(family, made):
    for name, spec in family.items():
        page = made[f"{name}.md"]
        assert page.startswith(f"# {name}\n\n*{family.kind}*\n")
        assert str(spec.source) in page
        assert not MACHINE.search(page), name
        assert not re.search(r"\bnan\b|\[object|<neurologist", page), name
        for table in re.findall(r"(?:^\|.*\n)+", page, re.M):
            columns = {len(re.sub(r"\\\|", "", line).split("|")) for line in table.splitlines()}
            assert len(columns) == 1, (name, table)


def test_the_page_of_cross_entropy_ends_in_prediction_less_target(made):
    page = made["cross_entropy.md"]
    steps = re.findall(r"^\d+\. \$(.*)\$$", page, re.M)
    assert steps[0] == r"L = -\sum_{j} y_{j} \log \left(\frac{e^{z_{j}}}{\sum_{k} e^{z_{k}}}\right)"
    assert steps[-1] == r"\frac{\partial L}{\partial z_i} = p_{i} - y_{i}"
