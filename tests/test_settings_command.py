"""`qa settings` and the page that is made of the same: all that there is, and nobody's secrets."""

from pathlib import Path

import pytest
from command_line import Outcome, qa

from commands import settings as command
from settings import Settings


def test_the_page_is_made_of_the_code() -> None:
    assert command.PAGE.read_text(encoding="utf-8") == command.page(), "Run: qa settings --write"


def test_the_page_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "settings.md")
    assert qa("", "settings", "--write") == Outcome(0, "", "")
    assert (tmp_path / "settings.md").read_text() == command.page()


def test_every_setting_is_printed_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "nobody may read this secret of the site")
    monkeypatch.setenv("HOLD", '["new"]')
    printed = qa("postgres://ann:geheim@127.0.0.1:5432/forum", "settings")
    assert (printed.status, printed.errors) == (0, "")
    assert all(name.upper() in printed.output for name in Settings.model_fields)
    assert "DATABASE_URL postgres://127.0.0.1:5432/forum" in printed.output
    assert 'HOLD ["new"]' in printed.output
    assert not [word for word in ("geheim", "nobody may read") if word in printed.output]


def test_one_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOW_OPERATION_MS", "soon")
    told = qa("", "settings")
    assert (told.status, told.output) == (1, "")
    assert told.errors.startswith("SLOW_OPERATION_MS: ")
