"""`deploy/` and docs/deploying.md say what is so. What the proxies do: `test_behind_proxies.py`."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from settings import ROOT


def test_systemd_understands_its_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    unit = (ROOT / "deploy" / "plainspoken.service").read_text(encoding="utf-8")
    (tmp_path / "plainspoken.service").write_text(unit.replace("/opt/plainspoken/.venv/bin/qa", "/bin/true"))
    told = subprocess.run(  # noqa: S603  as it stands
        [program, "verify", str(tmp_path / "plainspoken.service")], capture_output=True, text=True
    )
    assert "plainspoken.service" not in told.stdout + told.stderr, told


def commands_of(page: str) -> Iterator[str]:
    """The commands of `qa` that a page or a file names."""
    yield from re.findall(r"\bqa (serve|migrate|check|backup|settings|recount|explain|seed)\b", page)


def test_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert {"backup", "migrate", "serve", "check"} <= set(commands_of(page))
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        if not urlsplit(link).scheme:
            assert (ROOT / "docs" / link).exists(), link


def test_every_figure_of_the_page_is_of_the_report() -> None:
    report = (ROOT / "benchmarks" / "REPORT.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    table = page.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    figures = re.findall(r"\b\d[\d,]*\.?\d*\b", table)
    assert figures
    assert [figure for figure in figures if figure not in report] == []
