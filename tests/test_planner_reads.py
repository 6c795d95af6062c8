"""What a plan read: told exactly, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from clients import Client, document
from crowd import member
from keeping import keeping
from tortoise.expressions import Q

import models
from planner.reads import NotUnderstood, mentioned_in, parent_column
from planner.sources import Listing
from schema.loaders import Loaders


def test_a_statement_tells_its_tables_what_is_looked_at_and_what_decides() -> None:
    mentioned = mentioned_in(
        'SELECT "t0"."title","t1"."name" FROM json_each(?1) "keys" CROSS JOIN "thread" "t0" LEFT JOIN "users" "t1" ON '
        '"t1"."id"="t0"."author_id" WHERE "t0"."state"=\'visible\' AND "t0"."id" IN (SELECT "x"."thread_id" FROM '
        '"thread_tag" "x" WHERE "x"."tag_id"="keys"."value") ORDER BY "t0"."score" DESC'
    )
    assert mentioned.tables == {"t0": "thread", "t1": "users", "x": "thread_tag"}
    assert mentioned.columns["t0"] == {"title", "author_id", "state", "id", "score"}
    assert mentioned.deciding["t0"] == {"author_id", "state", "id", "score"}
    assert mentioned.columns["t1"] == {"name", "id"}
    assert mentioned.columns["x"] == {"thread_id", "tag_id"}


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "title" FROM "thread" "t0"',
        'SELECT "t9"."title" FROM "thread" "t0"',
        'SELECT "t0".* FROM "thread" "t0"',
        'SELECT "t0"."id" FROM "thread" "t0" WHERE EXISTS (SELECT 1 FROM "post" "t0" WHERE "t0"."score">0)',
    ],
)
def test_a_statement_that_names_things_otherwise_is_not_understood(sql: str) -> None:
    with pytest.raises(NotUnderstood):
        mentioned_in(sql)


@pytest.mark.parametrize(
    ("condition", "column"),
    [
        (lambda key: Q(thread_id=key), "thread_id"),
        (lambda key: Q(kind="answer") & Q(Q(thread_id=key), state="visible"), "thread_id"),
        (lambda key: Q(thread_id=key) | Q(parent_id=key), None),
        (lambda key: ~Q(thread_id=key), None),
        (lambda key: Q(thread_id__gt=key), None),
        (lambda key: Q(thread_id=7), None),
    ],
)
async def test_rows_belong_to_their_parent_by_the_column_that_must_equal_its_key(
    forum: str, condition: Callable[[Any], Q], column: str | None
) -> None:
    listing = Listing("some posts", models.Post, lambda _, key: models.Post.filter(condition(key)))
    assert parent_column(listing) == column


async def test_what_a_loader_does_not_tell_is_not_kept(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await member("ann")
    with keeping(monkeypatch) as answers:
        await visitor.run("user_page", name="ann")
        assert len(answers) == 1
        for loader in (Loaders(None).rank_by_points, Loaders(None).post_counts_by_user):
            monkeypatch.delattr(type(loader), "reads")
        await visitor.post(document("user_page"), {"name": "Ann"})
        assert len(answers) == 1
