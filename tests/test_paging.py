"""Pages by keyset: the same window of many lists in one statement."""

from datetime import UTC, datetime, timedelta

import pytest
from crowd import WORDS, asked_by, member
from tortoise.queryset import QuerySet

import models
from models import PostKind
from models.paging import Window, counts, pages, position_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY_TIME = ("created_at", "id")
BY_SCORE = ("-score", "id")
#: How many comments each of the questions has.
LENGTHS = (0, 1, 3, 7)


@pytest.fixture
async def lists(forum: str) -> list[QuerySet[models.Post]]:
    """The comments of four questions: none, one, three and seven."""
    ann = await member("ann")
    questions = [await asked_by(ann) for _ in LENGTHS]
    for (thread, question), length in zip(questions, LENGTHS, strict=True):
        await models.Post.bulk_create(
            models.Post(
                thread=thread,
                parent=question,
                kind=PostKind.COMMENT,
                author=ann,
                body=WORDS,
                body_html=WORDS,
                body_text=WORDS,
                score=index % 2,
                up_votes=index % 2,
                created_at=NOON + timedelta(minutes=index // 2),
            )
            for index in range(length)
        )
    return [models.Post.filter(parent_id=question.id).select_related("author") for _, question in questions]


async def test_a_window_of_many_lists_is_read_in_one_statement(
    lists: list[QuerySet[models.Post]], statements: list[str]
) -> None:
    statements.clear()
    found = await pages(lists, Window(BY_TIME, 3))
    assert len(statements) == 1
    assert [(len(page.rows), page.has_next, page.has_previous) for page in found] == [
        (0, False, False),
        (1, False, False),
        (3, False, False),
        (3, True, False),
    ]
    assert {row.author.name for page in found for row in page.rows if row.author} == {"ann"}


@pytest.mark.parametrize("order", [BY_TIME, BY_SCORE, ("-created_at", "-id")])
@pytest.mark.parametrize("backward", [False, True])
async def test_many_lists_read_together_give_what_each_gives_alone(
    lists: list[QuerySet[models.Post]], order: tuple[str, ...], backward: bool
) -> None:
    middle = (await lists[3].order_by(*order))[3]
    for after, before in ((None, None), (position_of(middle, order), None), (None, position_of(middle, order))):
        window = Window(order, 2, after, before, backward)
        assert await pages(lists, window) == [(await pages([rows], window))[0] for rows in lists]


async def test_a_page_is_a_slice_of_the_whole_list(lists: list[QuerySet[models.Post]]) -> None:
    for order in (BY_TIME, BY_SCORE):
        whole = await lists[3].order_by(*order)
        assert len(whole) == 7
        for index, row in enumerate(whole):
            place = position_of(row, order)
            [after] = await pages([lists[3]], Window(order, 2, after=place))
            assert after.rows == whole[index + 1 : index + 3]
            assert (after.has_next, after.has_previous) == (index + 3 < 7, True)
            [before] = await pages([lists[3]], Window(order, 2, before=place, backward=True))
            assert before.rows == whole[max(0, index - 2) : index]
            assert (before.has_next, before.has_previous) == (True, index - 2 > 0)


async def test_many_lists_are_counted_in_one_statement(
    lists: list[QuerySet[models.Post]], statements: list[str]
) -> None:
    statements.clear()
    assert await counts(lists) == list(LENGTHS)
    assert len(statements) == 1


async def test_values_of_many_lists_do_not_get_mixed_up(forum: str) -> None:
    ann, bob = await member("ann"), await member("bob")
    for asker, title in ((ann, "A question of ann"), (bob, "A question of bob")):
        await asked_by(asker, title)
    wanted = [
        models.Thread.filter(author_id=user.id, title=title)
        for user, title in ((bob, "A question of bob"), (ann, "A question of bob"), (ann, "A question of ann"))
    ]
    assert await counts(wanted) == [1, 0, 1]
    found = await pages(wanted, Window(("-id",), 5))
    assert [[row.title for row in page.rows] for page in found] == [["A question of bob"], [], ["A question of ann"]]
