"""The house is kept: who imports whom, how long a file is, and that nothing in it belongs to one machine alone."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT

# Bundled by `make graphiql` from other people's packages: their words, not ours.
_BUNDLED = re.compile(r"static/graphiql/[^/]+\.(js|css|txt)")
_REGISTRY = re.compile(
    r"(npmjs|yarnpkg|pypi|pythonhosted|deb\.debian|crates|rubygems)\.(org|com|io)|//[^/\s]*registry[^/\s]*/", re.I
)
_MACHINE = re.compile(r"(?<![\w.:/~*-])/(root|home|Users|work|farm|tmp/[\w-]+)/[\w.]")
# Written by `make migration`: as long as the models ask for, and told by their names.
_GENERATED = Path("models/migrations")
_LONGEST = 300
# A list of what is true of one module may be longer than the module.
_LONGEST_TEST = 400


@pytest.fixture(scope="module")
def ours() -> list[Path]:
    """The files that are, or could be, in the repository, relative to its root."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("Without git and its repository nobody knows which of the files are ours")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  as it stands
    files = (Path(name) for name in listed.stdout.split("\0") if name)
    return [file for file in files if (ROOT / file).is_file() and not _BUNDLED.fullmatch(file.as_posix())]


@pytest.fixture(scope="module")
def modules(ours: list[Path]) -> dict[Path, str]:
    """The Python files that somebody wrote, and what stands in them."""
    written = (file for file in ours if file.suffix == ".py" and file.parent != _GENERATED)
    return {file: (ROOT / file).read_text(encoding="utf-8") for file in written}


def lines_with(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    """Where a pattern is found in the text files among `files`."""
    found = []
    for file in files:
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8", errors="ignore").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{file}:{number}: {line.strip()[:100]}")
    return found


def imports_of(file: Path) -> set[str]:
    """The top-level names of what a module imports."""
    found = set()
    for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(each, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in each.names}
        elif isinstance(each, ast.ImportFrom):
            found.add((each.module or "").partition(".")[0])
    return found


def test_imports_go_down(tmp_path: Path) -> None:
    linting = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--cache-dir", str(tmp_path)]
    done = subprocess.run(linting, cwd=ROOT, capture_output=True, text=True)  # noqa: S603  as it stands
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_settings_know_of_no_room_of_the_house() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert {"commands", "transports", "schema", "planner", "services", "models"} <= rooms
    assert imports_of(ROOT / "settings.py") & (rooms | {"server"}) == set()


def test_no_file_names_a_package_registry(ours: list[Path]) -> None:
    assert lines_with(_REGISTRY, ours) == []


def test_no_file_names_a_path_of_one_machine(ours: list[Path]) -> None:
    assert lines_with(_MACHINE, ours) == []


def test_no_module_is_too_long_to_live_in(modules: dict[Path, str]) -> None:
    lengths = {file: text.count("\n") for file, text in modules.items()}
    most = {file: _LONGEST_TEST if file.parts[0] == "tests" else _LONGEST for file in lengths}
    assert {str(file): length for file, length in lengths.items() if length > most[file]} == {}


def test_every_module_says_what_it_is_for(modules: dict[Path, str]) -> None:
    silent = [str(file) for file, text in modules.items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []
