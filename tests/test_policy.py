"""The policy: the matrix of privileges, and what the setting PERMISSIONS changes in it."""

from collections.abc import Iterator

import pytest
from command_line import qa

from models import UserLevel
from services.policy import MATRIX, Privilege, Requirement, UnknownPrivilege, matrix, requirement
from settings import settings


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    settings.cache_clear()
    matrix.cache_clear()
    yield
    settings.cache_clear()
    matrix.cache_clear()


def test_without_the_setting_the_matrix_is_question2answers() -> None:
    assert matrix() == MATRIX
    assert matrix().keys() == set(Privilege)


def test_a_line_of_the_setting_takes_the_place_of_a_line_of_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '{"ask": {"level": "expert", "confirmed": true, "points": 7}, "flag": {}, "close": {"level": null}}'
    monkeypatch.setenv("PERMISSIONS", lines)
    changed = {
        Privilege.ASK: Requirement(UserLevel.EXPERT, confirmed=True, points=7),
        Privilege.FLAG: Requirement(),
        Privilege.CLOSE: Requirement(level=None),
    }
    assert matrix() == MATRIX | changed
    assert requirement(Privilege.CLOSE).level is None


def test_a_privilege_that_there_is_not_is_named_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERMISSIONS", '{"vote_up": {}, "ask": {}, "Ask": {}}')
    with pytest.raises(UnknownPrivilege, match=r"PERMISSIONS: there is no privilege Ask, vote_up\. Choose of ask, "):
        matrix()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('{"vote_up": {}}', "PERMISSIONS: there is no privilege vote_up. Choose of ask, answer, comment, vote, "),
        ('{"vote": {"level": "king"}}', "PERMISSIONS.VOTE.LEVEL: Input should be 'registered', "),
        ('{"vote": {"karma": 5}}', "PERMISSIONS.VOTE.KARMA: Extra inputs are not permitted"),
        ("{vote: 5}", "PERMISSIONS cannot be read: it must be valid JSON."),
    ],
)
def test_a_wrong_setting_is_told_in_a_line_when_the_server_starts(
    forum_url: str, monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    monkeypatch.setenv("PERMISSIONS", value)
    outcome = qa(forum_url, "serve")
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.errors.startswith(told)
