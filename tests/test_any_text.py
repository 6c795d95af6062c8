"""Text of every kind: kept exactly where it is text, refused with a clear answer where it is none."""

from collections.abc import AsyncIterator, Iterator

import orjson
import pytest
import structlog
from clients import Client
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)
from refusals import messages, raw, wrong_fields

from schema import schema

FAMILY = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}\N{ZERO WIDTH JOINER}\N{BOY}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}"
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


async def test_what_is_no_text_is_not_written(ann: Client) -> None:
    thread = (await ann.do("ask_question", title="What is text, and what is not?", body=""))["thread"]
    for text in ("\0", "a\0b", "\x1b[31m", "\ufffe", "\uffff", "\ufdd0"):
        found = f"Remove the character U+{ord(text.strip('ab')[0]):04X}: it is not text."
        given = {"title": f"What is {text} this?", "body": text, "tags": [text], "categoryPath": text}
        wrong = await wrong_fields(ann, "ask_question", **given)
        assert (wrong["title"], wrong["body"]) == (found, found)
        assert set(wrong) == {"title", "body", "tags.0", "categoryPath"}
        body = f"Twelve characters and {text}"
        assert await wrong_fields(ann, "post_answer", threadId=thread["id"], body=body) == {"body": found}
        assert await wrong_fields(ann, "post_comment", parentId=thread["question"]["id"], body=body) == {"body": found}
        given = {"name": f"a{text}b", "email": f"a{text}@example.org", "password": f"long password{text}"}
        assert await wrong_fields(ann, "sign_up", **given) == {"name": found, "email": found, "password": found}
        refused = await ann.do("sign_in", login=f"ann{text}", password=f"a long password{text}")
        assert refused["message"] == "There is no account with this name and password."


async def test_lone_surrogates_do_not_come_in(ann: Client) -> None:
    query = 'mutation { askQuestion(input: {title: "What is %s this?", body: ""}) { __typename } }'
    no_pair = "The request body is not valid JSON: no low surrogate in string"
    status, [message] = await raw(ann, orjson.dumps({"query": query}).replace(b"%s", rb"\ud800"))
    assert (status, message[: len(no_pair)]) == (400, no_pair)
    no_utf8 = "The request body is not valid JSON: str is not valid UTF-8"
    status, [message] = await raw(ann, orjson.dumps({"query": query}).replace(b"%s", b"\xed\xa0\x80"))
    assert (status, message[: len(no_utf8)]) == (400, no_utf8)
    for escape in (r"\uD800", r"\uDFFF", r"\u{D800}", r"\u{110000}", r"\uD800\uD800"):
        [message] = await messages(ann, query % escape)
        assert message.startswith("Syntax Error: Invalid Unicode escape sequence: ")
    status, [message] = await raw(ann, orjson.dumps({"query": query}).replace(b"%s", b"\0"))
    assert (status, message.startswith("The request body is not valid JSON: ")) == (400, True)


async def test_a_nul_in_a_document_is_no_graphql(ann: Client) -> None:
    assert await messages(ann, "{ site\0 { name } }") == ["Syntax Error: Unexpected character: U+0000."]
    query = 'mutation { askQuestion(input: {title: "What is %s this?", body: ""}) { ... on Error { message } } }'
    refused = await ann.post(query % r"\u0000")
    assert refused["data"]["askQuestion"]["message"] == "title: Remove the character U+0000: it is not text."


TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b",
    "\ufffe",
    "%",
    "_",
    "\\",
    "'; DROP TABLE users; --",
    FAMILY,
    "שלום \u202e עולם",
    "/" * 300,
    "x" * 60_000,
    "é" * 60_000,
    "\N{COMBINING ACUTE ACCENT}" * 10_000,
    "%" * 60_000,
]


def takers() -> Iterator[tuple[str, str]]:
    """Every argument of a query that takes a text or an id: its name, and a document that gives it $text."""
    graph = build_schema(schema.as_str())
    assert graph.query_type is not None
    for field_name, field in graph.query_type.fields.items():
        inner = get_named_type(field.type)
        selection = "" if is_leaf_type(inner) else "{ __typename }"
        if "nodes" in getattr(inner, "fields", {}):
            selection = "{ totalCount nodes { __typename } }"
        for name, argument in field.args.items():
            others = [each for each in field.args.items() if each[0] != name and is_required_argument(each[1])]
            rest = "".join(f", {other}: {sample(one)}" for other, one in others)
            for path, place in places(name, argument):
                yield f"{field_name}({path})", f"query ($text: {place}) {{ {field_name}({path}{rest}) {selection} }}"


def places(name: str, argument: GraphQLArgument | GraphQLInputField) -> Iterator[tuple[str, str]]:
    """Where texts go in an argument: `filter: {author: $text}`, and of which type $text is there."""
    inner = get_named_type(argument.type)
    if is_input_object_type(inner):
        for field_name, field in inner.fields.items():
            yield from ((f"{name}: {{{path}}}", place) for path, place in places(field_name, field))
    elif getattr(inner, "name", "") in ("String", "ID"):
        is_list = is_list_type(get_nullable_type(argument.type))
        yield f"{name}: {'[$text]' if is_list else '$text'}", f"{inner}!"


def sample(argument: GraphQLArgument) -> str:
    """Something for an argument that must be given."""
    return "1" if str(get_named_type(argument.type)) == "Int" else '"x"'


def test_there_are_many_arguments_that_take_a_text() -> None:
    names = [name for name, _ in takers()]
    assert {"user(name: $text)", "category(path: $text)", "threads(filter: {anyTag: [$text]})"} <= set(names)


async def test_every_argument_takes_any_text(visitor: Client) -> None:
    for name, query in takers():
        # A cursor or an id that is none is a mistake of the client's; any other text just finds nothing.
        is_read = any(word in name for word in ("after", "before", "threadId", "postId"))
        expected = {"BAD_REQUEST"} if is_read else set()
        for text in TEXTS:
            answer = await visitor.post(query, {"text": text})
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            assert (name, text[:9], codes) == (name, text[:9], expected)


async def test_text_of_every_script_is_kept_exactly(ann: Client) -> None:
    title = f"Why does שלום mean {FAMILY} in مرحبا بالعالم?"
    body = f"To the left: \u202bשלום עולם\u202c\n\n> 日本語 {FAMILY} 𝔘𝔫𝔦 ẞ İ\n\n\tNaïve;\u00a0no break, \u2028 a line."
    asked = await ann.do("ask_question", title=title, body=body, tags=["שלום", "ナイーブ"])
    thread = asked["thread"]
    assert (thread["title"], thread["question"]["body"]) == (title, body)
    assert [tag["name"] for tag in thread["tags"]] == ["שלום", "ナイーブ"]
    again = (await ann.post("{ thread(number: 1) { title question { body } } }"))["data"]["thread"]
    assert again == {"title": title, "question": {"body": body}}
    found = await ann.post('{ threads(filter: {anyTag: ["שלום"]}) { nodes { title } } tag(name: "ナイーブ") { name } }')
    assert found["data"] == {"threads": {"nodes": [{"title": title}]}, "tag": {"name": "ナイーブ"}}


async def test_names_of_every_script_can_sign_up(visitor: Client) -> None:
    for number, name in enumerate(("Łukasz", "Ἀριστοτέλης", "山田太郎", "שרה", "محمد", "Ünal 🦊")):
        given = {"name": name, "email": f"somebody{number}@example.org", "password": "a long password"}
        assert (await visitor.do("sign_up", **given))["viewer"]["user"]["name"] == name
        found = await visitor.post("query ($name: String!) { user(name: $name) { name } }", {"name": name})
        assert found["data"]["user"] == {"name": name}
        visitor.http.cookies.clear()
