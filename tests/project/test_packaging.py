"""What a user gets from `pip install neurologist`."""

import re
import subprocess
import sys
import zipfile

import pytest

from neurologist._version import __version__

tomllib = pytest.importorskip("tomllib")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_wheel_holds_the_package_its_types_its_translations_and_its_pages(wheel, root):
    names = set(wheel.namelist())
    assert "neurologist/py.typed" in names
    sources = [
        path
        for kind in ("*.py", "*.po", "*.html", "*.css", "*.js")
        for path in (root / "src" / "neurologist").rglob(kind)
    ]
    assert {f"neurologist/{path.relative_to(root / 'src' / 'neurologist').as_posix()}" for path in sources} <= names


def test_wheel_holds_the_parts_of_the_atlas_and_its_certificates(wheel, root):
    parts = (root / "src" / "neurologist" / "atlas" / "page").iterdir()
    assert {f"neurologist/atlas/page/{path.name}" for path in parts} <= set(wheel.namelist())
    certified = (root / "docs" / "certificates.json").read_bytes()
    assert wheel.read("neurologist/atlas/certificates.json") == certified


def test_wheel_holds_nothing_else(wheel):
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert folders == {"neurologist", f"neurologist-{__version__}.dist-info"}


def test_wheel_has_the_command_and_the_licence(wheel):
    info = f"neurologist-{__version__}.dist-info"
    entries = wheel.read(f"{info}/entry_points.txt").decode()
    assert "neurologist = neurologist.cli:main" in entries
    assert "[pytest11]\nneurologist = neurologist.pytest_plugin" in entries
    assert "MIT License" in wheel.read(f"{info}/licenses/LICENSE").decode()
    drawn = "src/neurologist/report/html/vendor/LICENSE.uPlot.txt"
    assert "Leon Sorokin" in wheel.read(f"{info}/licenses/{drawn}").decode()


def test_one_version_everywhere(root):
    citation = re.search(r"^version: (\S+)$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert citation is not None
    assert citation[1] == __version__
    assert f"## [{__version__}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_requirement_is_pinned(project, root):
    def name(requirement):
        return re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower().replace("_", "-")

    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name(line) for line in lines if line and not line.startswith("#")}
    wanted = {name(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]}
    assert wanted - pinned == set()
