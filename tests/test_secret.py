"""The site's secret: made once, told to nobody, and the mother of a key for each use."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services import secret
from services.secret import key_for, read_or_made
from settings import settings


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    yield
    settings.cache_clear()
    secret._secret.cache_clear()


def test_each_use_and_each_day_has_a_key_of_its_own() -> None:
    keys = [key_for("claims"), key_for("views"), key_for("views", day="2026-05-01"), key_for("views", day="2026-05-02")]
    assert len(set(keys)) == 4
    assert {len(key) for key in keys} == {32}
    assert key_for("claims") == keys[0]


def test_it_is_made_at_the_first_use_in_a_file_for_us_alone(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret.key"
    made = read_or_made(file)
    assert len(made) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_or_made(file) == made
    assert list(file.parent.iterdir()) == [file]


def test_of_many_that_make_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(read_or_made, [file] * 64))) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_the_setting_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key() -> bytes:
        settings.cache_clear()
        secret._secret.cache_clear()
        return key_for("claims")

    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "secret.key"))
    monkeypatch.setenv("SECRET_KEY", "a" * 32)
    given = key()
    assert not (tmp_path / "secret.key").exists()
    monkeypatch.delenv("SECRET_KEY")
    made = key()
    assert made == key() != given
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "other.key"))
    assert key() != made


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    settings.cache_clear()
    with pytest.raises(ValueError, match="at least 32"):
        settings()
