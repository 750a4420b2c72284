"""The documentation does what it says: its code is run, its pictures are there, its pages are in both languages."""

import re
from importlib.util import module_from_spec, spec_from_file_location

import pytest

FOLDERS = ("", "tutorials/", "howto/")
LARGEST = 150_000  # bytes of a picture


@pytest.fixture(scope="module")
def tool(root):
    spec = spec_from_file_location("sessions", root / "tools" / "sessions.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    module.end()


def taught(root):
    """Pages written by hand, without their suffix; the generated ones are tested with their generators."""
    generated = {"certificates", "mutations", "stacks", "zoo"}
    found = [path for folder in FOLDERS for path in sorted((root / "docs" / folder).glob("*.md"))]
    return [path.relative_to(root / "docs").as_posix()[:-3] for path in found if path.stem not in generated]


def pytest_generate_tests(metafunc):
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", taught(metafunc.config.rootpath))


def read(root, page, lang="en"):
    return (root / "docs" / ("zh" if lang == "zh" else "") / f"{page}.md").read_text(encoding="utf-8")


def told(tool, text):
    """Each block with what it is said to print."""
    return [
        (block.kind, block.name, block.code, text[slice(*(block.printed or (0, 0)))]) for block in tool.blocks(text)
    ]


def test_its_code_prints_what_it_shows(tool, page, root):
    _, wrong = tool.renew(read(root, page))
    assert wrong == [], f"look at it, then run python tools/sessions.py docs/{page}.md"


def test_the_chinese_page_has_the_same_code(tool, page, root):
    """What differs from the English page is run; the rest was."""
    english, chinese = (told(tool, read(root, page, lang)) for lang in ("en", "zh"))
    plain = [(kind, name, code.replace(" --lang zh", "")) for kind, name, code, _ in chinese]
    assert plain == [(kind, name, code) for kind, name, code, _ in english]
    if chinese != english:
        _, wrong = tool.renew(read(root, page, "zh"))
        assert wrong == [], f"look at it, then run python tools/sessions.py docs/zh/{page}.md"


def test_the_chinese_page_has_as_many_parts_and_is_chinese(page, root):
    english, chinese = (re.sub(r"```.*?```", "", read(root, page, lang), flags=re.S) for lang in ("en", "zh"))
    parts = [re.findall(r"^#+ ", text, re.M) for text in (english, chinese)]
    assert parts[0] == parts[1]
    assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 0.15 * len(english)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_sessions_of_the_readme_are_true(tool, root, name):
    text = (root / name).read_text(encoding="utf-8")
    kept = re.findall(r"<!-- session:(?!fix)\w+ -->\n(.*?)<!-- /session", text, re.S)  # fix: in the tutorial
    assert len(kept) == 3
    _, wrong = tool.renew("\n".join(kept))
    assert wrong == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_cure_of_the_readme_is_one_of_the_example_as_it_is(root, name):
    """Its session takes minutes; that its diff fits the script is seen at once."""
    text = (root / name).read_text(encoding="utf-8")
    path, start, lines = re.search(
        r"^--- (\S+)\n\+\+\+ \1\n@@ -(\d+),\d+ .*@@\n((?:[-+ ].*\n|\n)+)```", text, re.M
    ).groups()
    before = [line[1:] for line in lines.splitlines() if not line.startswith("+")]
    script = (root / path).read_text(encoding="utf-8").splitlines()
    assert script[int(start) - 1 :][: len(before)] == before
    assert path in text.partition("$ neurologist fix ")[2].splitlines()[0]


def test_every_exhibit_is_shown_in_both_languages(root):
    atlas = (root / "src" / "neurologist" / "atlas" / "page" / "index.html").read_text(encoding="utf-8")
    exhibits = re.findall(r'<button[^>]* data-view="(\w+)"', atlas)
    assert len(exhibits) >= 4
    for lang in ("en", "zh"):
        shown = re.findall(r"!\[[^\]]+\]\((?:\.\./)?images/([\w.-]+)\)", read(root, "atlas", lang))
        missing = {f"atlas-{name}.{lang}.webp" for name in exhibits} - set(shown)
        assert missing == set(), "run `make docs` and python tools/screenshots.py, then show them in docs/atlas.md"


def test_pictures_are_small_and_used(root):
    texts = [path.read_text(encoding="utf-8") for path in (*root.glob("*.md"), *(root / "docs").rglob("*.md"))]
    pictures = sorted((root / "docs" / "images").iterdir())
    assert [path.name for path in pictures if path.stat().st_size > LARGEST] == []
    assert [path.name for path in pictures if not any(f"images/{path.name})" in text for text in texts)] == []


def test_a_picture_of_each_language_opens_the_readme(root):
    for name, lang in (("README.md", "en"), ("README.zh-CN.md", "zh")):
        opening = (root / name).read_text(encoding="utf-8").partition("\n## ")[0]
        shown = re.findall(r"docs/images/([\w.-]+)\)", opening)
        assert shown == [f"report-waterfall.{lang}.webp", f"atlas-depth.{lang}.webp"]


# -- the tool itself ---------------------------------------------------------------------------------------------

PAGE = """
```python
print("loss", 1.23)
```

```text
{}
```

```{{code-block}} python
:caption: said.py

print("epoch 1")
print("epoch 2")
print("12 examined, 5.00 % overhead (0.100 s)")
```

```console
$ python said.py
epoch 1
...
{}
```
"""
LAST = "99 examined, 1.00 % overhead (0.300 s)"


@pytest.mark.parametrize("loss", ["loss 1.23", "loss 1.22", "loss  1.20"])
def test_a_page_that_is_nearly_right_stands(tool, loss):
    assert tool.renew(PAGE.format(loss, LAST))[1] == []


@pytest.mark.parametrize(
    ("loss", "last"),
    [("loss 1.01", LAST), ("lass 1.23", LAST), ("loss 1.23 nats", LAST), ("loss 1.23", "13 looked at"), ("", LAST)],
)
def test_a_stale_page_is_noticed_and_written_anew(tool, loss, last):
    page, wrong = tool.renew(PAGE.format(loss, last))
    assert len(wrong) == 1
    assert tool.renew(page)[1] == []


def test_code_that_fails_is_noticed(tool):
    with pytest.raises(RuntimeError, match="ended with 1"):
        tool.renew("```{code-block} python\n:caption: bad.py\n\n1 / 0\n```\n```console\n$ python bad.py\n```\n")
    with pytest.raises(ZeroDivisionError):
        tool.renew("```python\n1 / 0\n```\n")


# -- the site ----------------------------------------------------------------------------------------------------


@pytest.fixture
def site(root):
    spec = spec_from_file_location("site_tool", root / "tools" / "site.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_dead_links_and_what_is_fetched_are_noticed(site, tmp_path):
    (tmp_path / "one.html").write_text('<a href="two.html#there">x</a><a href="https://elsewhere.org">x</a><p id="a">')
    (tmp_path / "two.html").write_text('<p id="there"><a href="one.html#a">x</a>')
    assert list(site.dead(tmp_path)) == []
    site.read.cache_clear()
    (tmp_path / "two.html").write_text('<a href="three.html">x</a><script src="https://elsewhere.org/a.js"></script>')
    assert list(site.dead(tmp_path)) == [
        "one.html: two.html#there leads to no place in its page",
        "two.html fetches https://elsewhere.org/a.js",
        "two.html: three.html leads to no file",
    ]


def test_the_site_is_a_gate_with_pinned_tools(root):
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = (root / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    for requirement in project["optional-dependencies"]["docs"]:
        assert f"\n{re.match('[A-Za-z0-9-]+', requirement)[0].lower()}==" in pinned
    assert "make docs\n" in (root / ".ci" / "run").read_text(encoding="utf-8")
    assert "# make docs " in (root / "Makefile").read_text(encoding="utf-8")  # its line of help
