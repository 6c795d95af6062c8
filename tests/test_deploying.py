"""`deploy/` and docs/deploying.md say what is so. What the proxies do: `test_behind_proxies.py`."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]

from settings import ROOT, Settings


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


def test_the_settings_of_compose_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for name, value in compose["x-server"]["environment"].items():
        assert name.lower() in Settings.model_fields
        monkeypatch.delenv(name, raising=False)
        if value is not None:  # else it is there if .env has it
            given = re.sub(r"\$\{\w+:\?.*?\}", "a" * 32, value)  # what must be in .env; and what else it would be
            monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", given))
    filled = Settings(_env_file=None)
    assert (filled.mail_server, filled.metrics_token, filled.trusted_proxies) == (None, None, [])
    assert filled.database_url == f"postgres://forum:{'a' * 32}@postgres:5432/forum"


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
