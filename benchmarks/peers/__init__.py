"""The Node servers that are compared with: how they are installed and started."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
_MODULES = HERE / "node_modules"


class NoPeers(Exception):
    """The Node servers cannot be had here; the message says why, in a line."""


def install() -> None:
    """Install what the lock file names, if that is not done yet. Raises NoPeers."""
    lock = HERE / "package-lock.json"
    installed = _MODULES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise NoPeers("npm is not there")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)  # noqa: S603  as it stands
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it does not say why"]
        raise NoPeers(f"npm ci fails: {lines[0]}")
    os.utime(installed)


def node() -> str:
    """The Node that came with the packages; that of the machine where there is none for it. Raises NoPeers."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    packaged = _MODULES / f"node-{platform.system().lower()}-{machine}" / "bin" / "node"
    found = str(packaged) if packaged.exists() else shutil.which("node")
    if found is None:
        raise NoPeers("Node.js is not there")
    return found


def command(server: str) -> list[str]:
    """What starts one of the servers, which are installed first if need be. Raises NoPeers."""
    install()
    return [node(), str(HERE / f"{server}.mjs")]
