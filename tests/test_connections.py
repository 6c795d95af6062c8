"""Connections: pages in both directions, cursors, and what is wrong with those that are none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clients import Client, document
from crowd import WORDS, asked_by, category_at, member, members

import models
from models import PointsReason, PostKind
from models.database import transaction
from schema.nodes import global_id
from services import points
from services.points import Payment

#: Rows of each list, and of a page: several whole pages, and one that is not.
ROWS = 11
PAGE = 4
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
THREAD_ORDERS = ("NEWEST", "ACTIVE", "HOT", "VOTES", "ANSWERS", "VIEWS")
ANSWER_ORDERS = ("BEST", "VOTES", "OLDEST", "NEWEST")
USER_ORDERS = ("POINTS", "NEWEST", "NAME")


@pytest.fixture
async def ann(forum: str) -> models.User:
    """Who wrote everything."""
    return await member("ann")


async def many_threads(author: models.User, **columns: Any) -> None:
    """Threads with ties in every order: three, then three, and so on, that nothing but their ids tells apart."""
    rows = []
    for index in range(ROWS):
        moment, figure = NOON + timedelta(minutes=index // 3), (index * 7 % ROWS) // 3
        rows.append(
            models.Thread(
                slug="",
                title=f"thread {index}",
                author=author,
                score=figure - 1,
                answer_count=figure,
                view_count=figure,
                hotness=figure * 1e9 + 0.1,
                created_at=moment,
                last_activity_at=moment + timedelta(hours=figure),
                **columns,
            )
        )
    await models.Thread.bulk_create(rows)


async def many_posts(author: models.User, thread: models.Thread, kind: PostKind, parent: models.Post | None) -> None:
    """Answers or comments with ties in every order, the fifth answer chosen as best."""
    await models.Post.bulk_create(
        models.Post(
            thread=thread,
            kind=kind,
            parent=parent,
            author=author,
            body=WORDS,
            body_html=WORDS,
            body_text=WORDS,
            score=index % 3,
            up_votes=index % 3,
            is_best=kind is PostKind.ANSWER and index == 5,
            created_at=NOON + timedelta(minutes=index // 4),
        )
        for index in range(ROWS)
    )


async def page_of(client: Client, name: str, /, **variables: Any) -> dict[str, Any]:
    """The page that a document with one list gives."""
    found: Any = await client.run(name, **variables)
    while "edges" not in found:
        [found] = (value for value in found.values() if isinstance(value, dict))
    return dict(found)


async def walk(client: Client, name: str, size: str, place: str, /, **variables: Any) -> list[list[Any]]:
    """The nodes of all pages, `size` being first or last and `place` after or before."""
    forward = size == "first"
    pages: list[list[Any]] = []
    more, cursor = True, None
    while more:
        page = await page_of(client, name, **variables, **{size: PAGE, place: cursor})
        info = page["pageInfo"]
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
        assert info["hasPreviousPage" if forward else "hasNextPage"] is (cursor is not None)
        more, cursor = (info["hasNextPage"], cursors[-1]) if forward else (info["hasPreviousPage"], cursors[0])
        pages.append([edge["node"]["id"] for edge in page["edges"]])
    return pages


async def assert_pages_give_the_whole_list_once(client: Client, name: str, /, **variables: Any) -> None:
    page = await page_of(client, name, first=100, counted=True, **variables)
    whole = [edge["node"]["id"] for edge in page["edges"]]
    assert len(set(whole)) == len(whole) == ROWS == page["totalCount"]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (False, False)
    forward = await walk(client, name, "first", "after", **variables)
    assert forward == [whole[start : start + PAGE] for start in range(0, ROWS, PAGE)]
    backward = await walk(client, name, "last", "before", **variables)
    assert backward == [whole[max(0, end - PAGE) : end] for end in range(ROWS, 0, -PAGE)]


async def test_pages_of_threads_give_each_once_in_every_order(visitor: Client, ann: models.User) -> None:
    category = await category_at("life")
    await many_threads(ann, category=category)
    tag = await models.Tag.create(name="plants")
    await models.ThreadTag.bulk_create(models.ThreadTag(thread=thread, tag=tag) for thread in await models.Thread.all())
    for order in THREAD_ORDERS:
        await assert_pages_give_the_whole_list_once(visitor, "threads", orderBy=order)
    await assert_pages_give_the_whole_list_once(visitor, "category_page", path="life", orderBy="VOTES")
    await assert_pages_give_the_whole_list_once(visitor, "tag_page", name="plants", orderBy="HOT")


async def test_pages_of_answers_give_each_once_in_every_order(visitor: Client, ann: models.User) -> None:
    thread, _ = await asked_by(ann)
    await many_posts(ann, thread, PostKind.ANSWER, None)
    for order in ANSWER_ORDERS:
        await assert_pages_give_the_whole_list_once(visitor, "thread_answers", number=thread.id, orderBy=order)


async def test_pages_of_comments_give_each_once(visitor: Client, ann: models.User) -> None:
    thread, question = await asked_by(ann)
    await many_posts(ann, thread, PostKind.COMMENT, question)
    await assert_pages_give_the_whole_list_once(visitor, "post_comments", id=global_id(question))


async def test_pages_of_users_give_each_once_in_every_order(visitor: Client, ann: models.User) -> None:
    people = await members(ROWS - 1)
    await models.User.filter(id__in=[person.id for person in people[:5]]).update(points=90, created_at=NOON)
    for order in USER_ORDERS:
        await assert_pages_give_the_whole_list_once(visitor, "users", orderBy=order)


async def test_pages_of_tags_give_each_once(visitor: Client) -> None:
    await models.Tag.bulk_create(models.Tag(name=f"tag{index}", thread_count=index % 3) for index in range(ROWS))
    await assert_pages_give_the_whole_list_once(visitor, "tags")


async def test_pages_of_the_points_history_give_each_entry_once(visitor: Client, ann: models.User) -> None:
    async with transaction():
        payments = [Payment(ann.id, 5, PointsReason.ADJUSTMENT)] * (ROWS - 1)
        await points.pay(payments, await points.rules_in_force())
    await assert_pages_give_the_whole_list_once(visitor, "points_history", name="ann")


async def test_who_reads_on_misses_nothing_and_sees_nothing_twice_while_others_write(
    visitor: Client, ann: models.User
) -> None:
    await many_threads(ann)
    for order in THREAD_ORDERS:
        before = await page_of(visitor, "threads", first=100, orderBy=order)
        old = [edge["node"]["id"] for edge in before["edges"]]
        first = await page_of(visitor, "threads", first=PAGE, orderBy=order)
        thread, _ = await asked_by(ann)  # on the pages read already, or on those to come
        seen = [edge["node"]["id"] for edge in first["edges"]]
        rest = await page_of(visitor, "threads", first=100, after=first["pageInfo"]["endCursor"], orderBy=order)
        seen += [edge["node"]["id"] for edge in rest["edges"]]
        assert [each for each in seen if each != global_id(thread)] == old
        await models.Thread.filter(id=thread.id).delete()


async def test_a_cursor_stands_where_its_row_stood_when_the_row_is_gone(visitor: Client, ann: models.User) -> None:
    await many_threads(ann)
    whole = [edge["node"]["id"] for edge in (await page_of(visitor, "threads", first=100))["edges"]]
    first = await page_of(visitor, "threads", first=PAGE)
    await models.Thread.filter(title=first["edges"][-1]["node"]["title"]).delete()
    second = await page_of(visitor, "threads", first=PAGE, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["id"] for edge in second["edges"]] == whole[PAGE : 2 * PAGE]


async def test_a_window_between_two_cursors_is_read_from_either_end(visitor: Client, ann: models.User) -> None:
    await many_threads(ann)
    edges = (await page_of(visitor, "threads", first=100))["edges"]
    window = {"after": edges[1]["cursor"], "before": edges[8]["cursor"]}
    whole = [edge["node"]["id"] for edge in edges]
    forward = await page_of(visitor, "threads", first=3, **window)
    assert [edge["node"]["id"] for edge in forward["edges"]] == whole[2:5]
    backward = await page_of(visitor, "threads", last=3, **window)
    assert [edge["node"]["id"] for edge in backward["edges"]] == whole[5:8]
    all_of_it = await page_of(visitor, "threads", first=100, **window)
    assert [edge["node"]["id"] for edge in all_of_it["edges"]] == whole[2:8]


async def test_without_a_size_a_page_has_twenty_rows(visitor: Client) -> None:
    await models.Tag.bulk_create(models.Tag(name=f"tag{index:02}") for index in range(45))
    page = await page_of(visitor, "tags")
    assert [edge["node"]["name"] for edge in page["edges"]] == [f"tag{index:02}" for index in range(20)]
    before = await page_of(visitor, "tags", before=(await page_of(visitor, "tags", last=1))["pageInfo"]["endCursor"])
    assert [edge["node"]["name"] for edge in before["edges"]] == [f"tag{index:02}" for index in range(24, 44)]


async def test_a_page_of_size_zero_is_empty_and_tells_whether_there_is_more(visitor: Client) -> None:
    nothing = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert await page_of(visitor, "tags", first=0) == {"edges": [], "pageInfo": nothing}
    await models.Tag.create(name="plants")
    assert await page_of(visitor, "tags", first=0) == {"edges": [], "pageInfo": nothing | {"hasNextPage": True}}
    assert await page_of(visitor, "tags", last=0) == {"edges": [], "pageInfo": nothing | {"hasPreviousPage": True}}


async def test_a_size_that_cannot_be_is_told(visitor: Client) -> None:
    both = "Give first or last, not both: a page begins at one end of the list."
    for variables, message in (
        ({"first": 101}, "first must lie between 0 and 100; it is 101."),
        ({"first": -1}, "first must lie between 0 and 100; it is -1."),
        ({"last": 101}, "last must lie between 0 and 100; it is 101."),
        ({"last": -1}, "last must lie between 0 and 100; it is -1."),
        ({"first": 1, "last": 1}, both),
    ):
        answer = await visitor.post(document("tags"), variables)
        assert answer["data"] is None
        [error] = answer["errors"]
        assert (error["message"], error["path"]) == (message, ["tags"])
        assert error["extensions"] == {"code": "BAD_REQUEST", "arguments": list(variables)}


async def test_a_cursor_of_another_order_is_refused_and_of_another_list_in_the_same_order_is_not_told_apart(
    visitor: Client, ann: models.User
) -> None:
    await many_threads(ann)
    for made, used in (("NEWEST", "VOTES"), ("VOTES", "NEWEST"), ("VIEWS", "VOTES"), ("NEWEST", "ACTIVE")):
        cursor = (await page_of(visitor, "threads", first=1, orderBy=made))["pageInfo"]["endCursor"]
        answer = await visitor.post(document("threads"), {"after": cursor, "orderBy": used})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_the_total_is_counted_only_where_it_is_asked_for(
    visitor: Client, ann: models.User, statements: list[str]
) -> None:
    await many_threads(ann)
    statements.clear()
    await page_of(visitor, "threads", first=2)
    assert len(statements) == 1
    assert "COUNT(" not in statements[0]
    statements.clear()
    page = await page_of(visitor, "threads", first=2, counted=True)
    assert page["totalCount"] == ROWS
    assert len(statements) == 2
    assert sum("COUNT(" in statement for statement in statements) == 1


async def test_a_total_alone_reads_no_page(visitor: Client, ann: models.User, statements: list[str]) -> None:
    await many_threads(ann)
    statements.clear()
    answer = await visitor.post("{ threads(first: 2) { totalCount } }")
    assert answer == {"data": {"threads": {"totalCount": ROWS}}}
    assert len(statements) == 1


async def test_the_same_page_asked_for_twice_is_read_once(
    visitor: Client, ann: models.User, statements: list[str]
) -> None:
    await many_threads(ann)
    statements.clear()
    part = "threads(first: 2) { nodes { id } edges { node { id } } pageInfo { endCursor } }"
    answer = await visitor.post(f"{{ one: {part} two: {part} }}")
    assert answer["data"]["one"] == answer["data"]["two"]
    assert [edge["node"] for edge in answer["data"]["one"]["edges"]] == answer["data"]["one"]["nodes"]
    assert len(statements) == 1
