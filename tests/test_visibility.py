"""Who sees by the same statements, and what is for all. Who sees what is in tests/test_access_matrix.py."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from crowd import member
from test_permission_table import ACTORS, HERE, NOON, SECRET, THERE, account

import models
from models import UserLevel
from services.actors import Writer
from services.permissions import is_trusted
from services.policy import Privilege
from services.visibility import sight, visible

WRITER, OTHER_WRITER = Writer("a" * 64), Writer("b" * 64)


def test_viewers_of_one_sight_share_statements_and_others_do_not() -> None:
    def trusted(level: UserLevel = UserLevel.REGISTERED, **levels_in: int) -> models.User:
        return models.User(id=1, level=level, levels_in=levels_in or None)

    kinds = [
        None,
        WRITER,
        trusted(),
        trusted(UserLevel.EXPERT),
        trusted(UserLevel.EDITOR),
        trusted(**{"7": UserLevel.EDITOR}),
        trusted(**{"7": UserLevel.EXPERT}),
        trusted(**{"8": UserLevel.EDITOR}),
    ]
    assert len({sight(viewer) for viewer in kinds}) == len(kinds)
    assert sight(WRITER) == sight(OTHER_WRITER)
    blocked = models.User(id=1, level=UserLevel.OWNER, levels_in={"7": UserLevel.EDITOR}, blocked_at=datetime.now(UTC))
    assert sight(blocked) == sight(trusted())
    assert sight(trusted()) == sight(trusted(UserLevel.APPROVED)) == sight(trusted(**{"7": UserLevel.APPROVED}))
    assert sight(trusted(UserLevel.MODERATOR)) == sight(trusted(UserLevel.OWNER, **{"7": UserLevel.EDITOR}))


@pytest.mark.parametrize("model", [models.User, models.Tag, models.Category, models.PointsEntry])
async def test_what_has_no_rule_is_for_all_to_see(forum: str, model: type[models.User]) -> None:
    await member("ann")
    assert await visible(model, None).count() == await model.all().count()


def test_what_somebody_sees_hangs_on_all_that_a_privilege_takes(setting: Callable[..., None]) -> None:
    setting(permissions={"hide": {"points": 50, "confirmed": True}}, mail_server="smtp://127.0.0.1")
    rich = account(points=50, email_confirmed_at=NOON)
    trusted = {
        "poor": account(points=49, email_confirmed_at=NOON),
        "unconfirmed": account(points=50),
        "blocked": account(points=50, email_confirmed_at=NOON, blocked_at=NOON),
        "blocked owner": ACTORS["blocked_owner"],
        "visitor": None,
        "writer": SECRET,
        "rich": rich,
        "expert": ACTORS["expert"],
    }
    assert [name for name, actor in trusted.items() if is_trusted(actor, Privilege.HIDE)] == ["rich", "expert"]
    assert not is_trusted(account(levels_in={str(HERE): UserLevel.EDITOR}), Privilege.HIDE, THERE)
    assert is_trusted(account(levels_in={str(HERE): UserLevel.EDITOR}), Privilege.HIDE, HERE)
