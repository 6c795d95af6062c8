"""Bad input: whatever is sent, there is a clear answer, the log stays quiet, and the server serves on."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import structlog
from clients import Client, document
from refusals import messages, raw, wrong_fields

from schema.site import MOST_NODES

LONG = "x" * 5_000
NAME = {"site": {"name": "Plainspoken"}}


@pytest.fixture(autouse=True)
async def unmoved(visitor: Client, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Afterwards the server still serves, and its log tells of no failure."""
    with structlog.testing.capture_logs() as events:
        yield
    assert await visitor.run("site_name") == NAME
    assert [event for event in events if event["log_level"] == "error"] == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.fixture
async def ann(visitor: Client) -> Client:
    """Somebody with an account."""
    return await visitor.sign_up("ann")


async def test_ids_of_nothing_and_of_another_kind_are_told_apart(ann: Client) -> None:
    asked = (await ann.do("ask_question", title="What is an id in here?", body="Opaque."))["thread"]
    thread, post = asked["id"], asked["question"]["id"]
    nobodys = post[:-2] + "zz"
    for post_id, message in {
        "UG9zdDo5OTk": "There is no such post.",
        thread: f"'{thread}' is not the id of a post: a question, an answer or a comment: it names a Thread.",
        "nonsense": "'nonsense' is not the id of a post: a question, an answer or a comment: it names nothing here.",
        "": "'' is not the id of a post: a question, an answer or a comment: it names nothing here.",
        "\0": r"'\x00' is not the id of a post: a question, an answer or a comment: it names nothing here.",
        LONG: f"'{'x' * 40}' is not the id of a post: a question, an answer or a comment: it names nothing here.",
    }.items():
        refused = await ann.do("cast_vote", postId=post_id, value="UP")
        assert refused == {"__typename": "NotFound", "message": message}
    answered = await ann.do("post_answer", threadId=post, body="To the wrong thing.")
    assert answered["message"] == f"'{post}' is not the id of a thread: it names a Post."
    for unknown in ("UG9zdDo5OTk", "UG9zdDo5MjIzMzcyMDM2ODU0Nzc1ODA3", "UG9zdDo5MjIzMzcyMDM2ODU0Nzc1ODA4", nobodys):
        assert await ann.run("post_score", id=unknown) == {"node": None}


async def test_an_id_may_be_a_number_of_any_size(visitor: Client) -> None:
    for number in ("5", "-1", "9223372036854775808", "9" * 400):
        assert await visitor.post(f"{{ node(id: {number}) {{ id }} }}") == {"data": {"node": None}}


async def test_numbers_that_do_not_fit_are_told(visitor: Client) -> None:
    for number in (2**31, 2**63, 2**64 - 1, -(2**31) - 1, 1e300, 0.5, True, "5"):
        [message] = await messages(visitor, "query ($number: Int!) { thread(number: $number) { id } }", number=number)
        assert message.startswith("Variable '$number' has invalid value: Int cannot represent non"), message
    assert await messages(visitor, "query ($number: Int!) { thread(number: $number) { id } }", number=2**31 - 1) == []
    status, [message] = await raw(visitor, b'{"query": "{ __typename }", "variables": {"number": 1e400}}')
    assert (status, message[:50]) == (400, "The request body is not valid JSON: number is infi")
    [message] = await messages(visitor, f"{{ thread(number: {'9' * 5_000}) {{ id }} }}")
    assert message.startswith("Expected value of type 'Int', but encountered error 'Exceeds the limit (4300 digits)")


async def test_a_page_has_its_limits(visitor: Client) -> None:
    for size in (101, 2_000_000_000, -1):
        for name in ("first", "last"):
            found = await messages(visitor, f"{{ threads({name}: {size}) {{ nodes {{ id }} }} }}")
            assert found == [f"{name} must lie between 0 and 100; it is {size}."]


async def test_a_page_begins_at_one_end(visitor: Client) -> None:
    found = await messages(visitor, "{ users(first: 1, last: 1) { nodes { id } } }")
    assert found == ["Give first or last, not both: a page begins at one end of the list."]


def encoded(place: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


NO_CURSOR = "is not a cursor of this list in this order: take endCursor or startCursor of its pageInfo."
CURSORS = [
    "",
    "nonsense",
    "\0",
    "é",
    "=" * 10_000,
    encoded(None),
    encoded([]),
    encoded(["-created_at,-id"]),
    encoded(["-created_at,-id", None, None]),
    encoded(["-created_at,-id", "2026-11-23T09:30:00+00:00", 2**63]),
    encoded(["-created_at,-id", "2026-11-23T09:30:00+00:00", "5"]),
    encoded(["-created_at,-id", "2026-11-23T09:30:00", 5]),
    encoded(["-created_at,-id", "0001-01-01T00:00:00+14:00", 5]),
    encoded(["-created_at,-id", "9999-12-31T23:59:59-14:00", 5]),
    encoded(["-score,id", 5, 5]),
    base64.urlsafe_b64encode(b"[" * 5_000).decode(),
]


async def test_a_broken_cursor_is_told(visitor: Client) -> None:
    for cursor in CURSORS:
        for argument in ("after", "before"):
            query = f"query ($cursor: String) {{ threads({argument}: $cursor) {{ nodes {{ id }} }} }}"
            assert (cursor[:60], await messages(visitor, query, cursor=cursor)) == (
                cursor[:60],
                [f"{argument} {NO_CURSOR}"],
            )


async def test_a_forged_cursor_with_what_is_not_text_is_told(visitor: Client) -> None:
    cursor = encoded(["-thread_count,name", 5, "\0"])
    [message] = await messages(
        visitor, "query ($cursor: String) { tags(after: $cursor) { nodes { id } } }", cursor=cursor
    )
    assert message == f"after {NO_CURSOR}"


async def test_braces_without_end_are_refused(visitor: Client) -> None:
    status, [message] = await raw(visitor, orjson.dumps({"query": "{" * 2_000_000}))
    assert (status, message) == (413, "The request body may have at most 1,048,576 bytes.")
    too_deep = "Syntax Error: Document is nested too deeply. Parsing aborted."
    too_long = "Syntax Error: Source contains more than 100000 code points. Parsing aborted."
    for query, expected in {
        "{" * 1_000_000: too_long,
        "{" * 100_000: "Syntax Error: Expected Name, found '{'.",
        "{a" * 300_000: too_long,
        "{a" * 50_000: too_deep,
        "{a" * 4_000: too_deep,
        "{a(b:" + "[" * 90_000: too_deep,
        "{a(b:" + "[" * 9_000: too_deep,
        "{a(b:" + "{c:" * 3_000: too_deep,
        "query ($a: " + "[" * 9_000: too_deep,
        "{a" * 2_000 + "}" * 2_000: too_deep,
        "#" + "{" * 90_000: "Syntax Error: Unexpected <EOF>.",
    }.items():
        [message] = await messages(visitor, query)
        assert (query[:12], message) == (query[:12], expected)


async def test_a_value_nested_without_end_is_refused(visitor: Client) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    found = await messages(visitor, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=deep)
    assert len(found) == 1
    assert "ID cannot represent" in found[0]


async def test_a_document_that_goes_round_in_circles_is_answered(ann: Client) -> None:
    await ann.do("ask_question", title="Does this ever end, or not?", body="Let us see.")
    query = "{ thread(number: 1) " + "{ question { thread " * 14 + "{ id }" + "} }" * 14 + " }"
    thread = (await ann.post(query))["data"]["thread"]
    for _ in range(14):
        thread = thread["question"]["thread"]
    assert thread == {"id": "VGhyZWFkOjE"}


async def test_a_title_of_five_thousand_characters_is_too_long(ann: Client) -> None:
    wrong = await wrong_fields(ann, "ask_question", title="long " * 1_000, body="")
    assert wrong == {"title": "Write at most 120 characters; these are 4,999."}
    wrong = await wrong_fields(ann, "ask_question", title="x" * 5_000, body="y" * 30_001, tags=["z" * 36])
    assert wrong == {
        "title": "Write at most 120 characters; these are 5,000.",
        "body": "Write at most 30,000 characters; these are 30,001.",
        "tags.0": "Write a tag in at most 35 characters.",
    }


async def test_every_wrong_field_is_told_at_once(ann: Client) -> None:
    wrong = await wrong_fields(ann, "ask_question", title=" \n", body="", tags=list("abcdef"), categoryPath="nowhere")
    assert wrong == {
        "title": "Write at least 12 characters; these are 0.",
        "tags": "Give at most 5 tags; these are 6.",
        "categoryPath": "There is no such category: see the paths that `categories` lists.",
    }


@pytest.mark.parametrize("amount", [100, 900])
async def test_long_lists_of_tags_are_answered(ann: Client, amount: int) -> None:
    tags = [f"t{number}" for number in range(amount)]
    wrong = await wrong_fields(ann, "ask_question", title="How many tags are enough?", body="", tags=tags)
    assert wrong == {"tags": f"Give at most 5 tags; these are {amount}."}
    for name in ("anyTag", "allTags", "noTag"):
        answer = await ann.post(
            "query ($filter: ThreadFilter) { threads(filter: $filter) { nodes { id } } }", {"filter": {name: tags}}
        )
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert (name, codes - {"BAD_REQUEST"}) == (name, set())


async def test_ten_thousand_ids_are_too_many(visitor: Client) -> None:
    ids = [f"UG9zdDo{number}" for number in range(10_000)]
    assert await messages(visitor, document("nodes"), ids=ids) == [
        "The limit of values is 1,000, and here are 10,000. Send fewer at once."
    ]
    found = await messages(visitor, document("nodes"), ids=ids[:1_000])
    assert found == [f"Ask for at most {MOST_NODES} nodes at once; these are 1000."]
    async with visitor.socket() as socket:
        await socket.subscribe("watch_votes", postIds=["UG9zdDox"] * 999 + ["UG9zdDoy"])
        assert (await socket.receive())["payload"][0]["message"] == "One of these posts does not exist."
        await socket.subscribe("watch_votes", postIds=[f"UG9zdDox{number}" for number in range(1_000)])
        await socket.receive()


async def test_a_moment_that_is_none_is_told(visitor: Client) -> None:
    query = "query ($since: DateTime) { threads(filter: {since: $since}) { nodes { id } } }"
    moments: list[object] = ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-23", "2026-11-23T09:30:00", 5, [], "\0"]
    for moment in moments:
        [message] = await messages(visitor, query, since=moment)
        assert message.startswith("Variable '$since' has invalid value: "), message
        assert "DateTime" in message


async def test_moments_at_the_edges_of_time_are_answered(visitor: Client) -> None:
    query = "query ($at: DateTime) { threads(filter: {since: $at, until: $at}) { nodes { id } } }"
    for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        assert await visitor.post(query, {"at": moment}) == {"data": {"threads": {"nodes": []}}}
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        [message] = await messages(visitor, query, at=moment)
        assert "DateTime must lie between the years 1 and 9999." in message
