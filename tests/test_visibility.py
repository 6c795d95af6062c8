"""Who sees by the same statements, and what is for all. Who sees what is in tests/test_access_matrix.py."""

from datetime import UTC, datetime

import pytest
from crowd import member

import models
from models import UserLevel
from services.actors import Writer
from services.visibility import sight, visible

WRITER, OTHER_WRITER = Writer("a" * 64), Writer("b" * 64)


def test_viewers_of_one_sight_share_statements_and_others_do_not() -> None:
    def account(level: UserLevel = UserLevel.REGISTERED, **levels_in: int) -> models.User:
        return models.User(id=1, level=level, levels_in=levels_in or None)

    kinds = [
        None,
        WRITER,
        account(),
        account(UserLevel.EXPERT),
        account(UserLevel.EDITOR),
        account(**{"7": UserLevel.EDITOR}),
        account(**{"7": UserLevel.EXPERT}),
        account(**{"8": UserLevel.EDITOR}),
    ]
    assert len({sight(viewer) for viewer in kinds}) == len(kinds)
    assert sight(WRITER) == sight(OTHER_WRITER)
    blocked = models.User(id=1, level=UserLevel.OWNER, levels_in={"7": UserLevel.EDITOR}, blocked_at=datetime.now(UTC))
    assert sight(blocked) == sight(account())
    assert sight(account()) == sight(account(UserLevel.APPROVED)) == sight(account(**{"7": UserLevel.APPROVED}))
    assert sight(account(UserLevel.MODERATOR)) == sight(account(UserLevel.OWNER, **{"7": UserLevel.EDITOR}))


@pytest.mark.parametrize("model", [models.User, models.Tag, models.Category, models.PointsEntry])
async def test_what_has_no_rule_is_for_all_to_see(forum: str, model: type[models.User]) -> None:
    await member("ann")
    assert await visible(model, None).count() == await model.all().count()
