"""Settings: from the environment, or from a file beside it, and clear about what cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import qa

from services import points
from settings import ROOT, Settings, settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment without settings, in an empty folder; nothing is remembered afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_without_settings_the_data_is_in_a_file_of_ours() -> None:
    assert settings().database_url == f"sqlite://{ROOT}/var/plainspoken.db"
    assert settings().points_titles == {}


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///from/the/file.db\nSOMETHING_ELSE=1\n")
    assert settings().database_url == "sqlite:///from/the/file.db"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///from/the/environment.db")
    assert settings().database_url == "sqlite:///from/the/file.db"  # read once
    settings.cache_clear()
    assert settings().database_url == "sqlite:///from/the/environment.db"


def test_titles_are_earned_by_points(monkeypatch: pytest.MonkeyPatch) -> None:
    assert points.title_earned(1_000_000) is None
    monkeypatch.setenv("POINTS_TITLES", '{"1000": "Regular", "100": "Newcomer"}')
    settings.cache_clear()
    assert [points.title_earned(earned) for earned in (-5, 99, 100, 999, 1000, 5000)] == [
        *(None, None, "Newcomer", "Newcomer", "Regular", "Regular")
    ]


@pytest.mark.parametrize("titles", ["nonsense", "[1]", '{"many": "Regular"}', '{"100": 1}'])
def test_a_setting_that_cannot_be_read_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, forum_url: str, titles: str
) -> None:
    monkeypatch.setenv("POINTS_TITLES", titles)
    refused = qa(forum_url, "check")
    assert (refused.status, refused.output) == (1, "")
    assert "POINTS_TITLES" in refused.errors


@pytest.mark.parametrize(
    ("database", "replicas", "why"),
    [
        ("sqlite:///forum.db", '["postgres://ann@a/forum"]', "set DATABASE_URL to their primary"),
        ("postgres://ann@a/forum", '["sqlite:///forum.db"]', "is not postgres://"),
        ("postgres://ann@a/forum", '["postgres://ann@a"]', "is not postgres://"),
    ],
)
def test_replicas_are_postgres_s(monkeypatch: pytest.MonkeyPatch, database: str, replicas: str, why: str) -> None:
    monkeypatch.setenv("READ_REPLICAS", replicas)
    refused = qa(database, "check")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors.startswith("READ_REPLICAS")
    assert why in refused.errors


def test_passwords_of_replicas_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_REPLICAS", '["postgres://ann:secret@a/forum"]')
    shown = qa("postgres://ann@a/forum", "settings")
    assert "READ_REPLICAS" in shown.output
    assert "secret@" not in shown.output
