"""The npm packages of `tests/node`: installed once for each state of their lock file, outside of the checkout."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

NODE_FILES = Path(__file__).parent / "node"
#: The oldest Node.js that all of the packages run on.
OLDEST_NODE = (20, 19)
# How npm says that there is no registry for it here, as opposed to a lock file that is wrong.
_NO_REGISTRY = re.compile(
    r"code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|E403|E5\d\d)"
)


def node_packages() -> Path:
    """The folder `node_modules` with all that the lock file names. Skips the test where it cannot be had."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js with npm is not there, which the packages of tests/node run on")
    told = _told([node, "--version"]).stdout.strip().lstrip("v")
    if tuple(int(part) for part in told.split(".")[:2]) < OLDEST_NODE:
        pytest.skip(f"Node.js {told} is too old for the packages of tests/node")
    manifests = [NODE_FILES / "package.json", NODE_FILES / "package-lock.json"]
    state = hashlib.sha256(b"".join(manifest.read_bytes() for manifest in manifests)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plainspoken-tests"
    kept = cache / f"node-{state}"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            new = Path(folder) / "new"
            new.mkdir()
            for manifest in manifests:
                shutil.copy(manifest, new)
            _install(npm, new)
            # All at once: a run that is stopped half-way leaves nothing behind that looks whole.
            new.rename(kept)
    return kept / "node_modules"


def _install(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1", "--loglevel=error"]
    done = _told(command, folder)
    if done.returncode and (no_registry := _NO_REGISTRY.search(done.stderr)):
        pytest.skip(f"npm does not reach its registry: {no_registry[1]}")
    assert done.returncode == 0, done.stderr


def _told(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)  # noqa: S603  the commands above
