"""What a user gets from `pip install neurologist`: built, and installed in an environment of its own."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from neurologist._version import __version__

tomllib = pytest.importorskip("tomllib")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def succeed(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """A folder with the sdist, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    succeed(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, root)
    return out


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The folder of commands of an environment that has the wheel; what it requires comes from the one that runs."""
    home = tmp_path_factory.mktemp("home") / "environment"
    succeed(sys.executable, "-m", "venv", "--without-pip", home)
    commands = home / ("Scripts" if os.name == "nt" else "bin")
    python = next(commands.glob("python*"))
    (wheel,) = built.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    succeed(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    asked = succeed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    # after its own packages, so that a working tree which is installed here is not what is imported there
    (Path(asked.stdout.strip()) / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return commands


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


def test_sdist_holds_what_a_packager_needs(built, root):
    (path,) = built.glob("*.tar.gz")
    top = f"neurologist-{__version__}"
    with tarfile.open(path) as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    files = ("README.md", "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", "tests/conftest.py")
    assert {*files, "examples/README.md", "docs/certificates.json", "benchmarks/check.py"} <= names
    kinds = {"src", "tests", "examples", "docs", "benchmarks", "tools"}
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == kinds
    assert not [name for name in names if "__pycache__" in name or name.endswith(".nlr")]


SICK = """
import neurologist
import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4), torch.nn.Softmax(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(30):
    x = torch.randn(32, 8)
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(x), x[:, :4].argmax(1)).backward()
    optimizer.step()
print(neurologist.__file__)
"""


def test_what_is_installed_examines_and_reports(installed, tmp_path):
    (tmp_path / "train.py").write_text(SICK, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    command = [installed / "neurologist", "run", "-o", "report.html", "--lang", "zh", "train.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "double-softmax" in report
    assert "根本原因" in report


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
    extras = [line for extra in ("dev", "frameworks", "sinks") for line in project["optional-dependencies"][extra]]
    wanted = {name(line) for line in project["dependencies"] + extras}
    assert wanted - pinned == set()
