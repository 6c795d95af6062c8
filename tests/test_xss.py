"""What attackers write stays text: each payload is written wherever one can write, by the graph and in a dump that is
imported; all HTML that comes back is parsed, and loaded in a real browser.

A few payloads stand in `xss.py`. XSS_CORPUS names a file of many more, a JSON object with a `payload` in each line.
"""

import re
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any

from clients import Client
from command_line import QA, outcome, started
from crowd import trusted
from dumps.writing import answer, comment, question, user, written
from graphql import get_named_type
from life import everything
from whole_schema import Known, selection_of
from xss import FEW, dangers, payloads, run_in_a_browser

import models
from models import UserLevel
from schema import schema
from schema.nodes import global_id, split_id

#: How many nodes are read at once.
_PAGE = 50
#: A field as `whole_schema` asks for it: its name, its type, and which of several ways.
_ALIAS = re.compile(r"(\w+)_(\w+)_\d+")

#: What no XML file can hold (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Texts = dict[str, list[str]]


def test_a_danger_is_seen_by_this_test() -> None:
    for html in (
        "<script>x</script>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<a href='java\tscript:x'>",
        "<p id=x>",
    ):
        assert list(dangers(html)), html
    assert not list(dangers('<p>x <a href="https://a.example/?b=c:d" rel="ugc">y</a></p>'))


async def test_the_browser_sees_what_runs() -> None:
    assert "ran()" in await run_in_a_browser(["<img src=x onerror=ran()>"])
    assert await run_in_a_browser(["<a href='javascript:ran()'>x</a>"]) != []


async def readable(client: Client) -> Texts:
    """All texts that somebody reads in the graph, by type and field; HTML under `HTML`, too."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for each in (await everything()).ids:
        by_kind[(split_id(each) or ("", 0))[0]].append(each)
    found: Texts = defaultdict(list)
    for kind, ids in by_kind.items():
        owner = schema._schema.type_map[kind]
        selection = selection_of(owner, Known([]), 0)
        for start in range(0, len(ids), _PAGE):
            query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {selection} }} }}"
            read = await client.post(query, {"ids": ids[start : start + _PAGE]})
            assert "errors" not in read, read["errors"]
            _take(kind, read["data"]["nodes"], found)
    return found


def _take(where: str, value: Any, found: Texts) -> None:
    if isinstance(value, list):
        for each in value:
            _take(where, each, found)
    elif isinstance(value, dict):
        for name, each in value.items():
            if alias := _ALIAS.fullmatch(name):
                _take("HTML" if alias[2] == "HTML" else f"{where.partition('.')[0]}.{alias[1]}", each, found)
                if alias[2] == "HTML" and each is not None:
                    found[f"{value['__typename']}.{alias[1]}"].append(each)
    elif isinstance(value, str):
        found[where].append(value)


def fields_of_html() -> set[str]:
    """Every field of the schema that gives HTML, by type and name."""
    return {
        f"{name}.{field}"
        for name, kind in schema._schema.type_map.items()
        for field, each in getattr(kind, "fields", {}).items()
        if get_named_type(each.type).name == "HTML" and hasattr(kind, "interfaces") and name != "Post"
    }


async def judge(found: Texts) -> None:
    """No HTML is dangerous, no address but one of the web, and nothing runs."""
    links = [*found["User.website"], *found["User.avatarUrl"]]
    assert [each for each in links if not re.fullmatch(r"https?://[^\s\"'<>`\\]\S*", each)] == []
    assert [each for each in found["Thread.slug"] if not re.fullmatch(r"[\w\N{COMBINING GRAVE ACCENT}-]*", each)] == []
    assert [(danger, html) for html in found["HTML"] for danger in dangers(html)] == []
    shown = [f'<a href="{escape(each)}"><img src="{escape(each)}">{escape(each)}</a>' for each in links]
    assert await run_in_a_browser([*found["HTML"], *shown]) == []


async def write_everywhere(visitor: Client, admin: Client, flagger: Client) -> int:
    """Write each payload wherever somebody may write; how often one was refused: not all are a name, or a tag."""
    refused = 0

    async def do(client: Client, deed: str, /, **given: Any) -> dict[str, Any] | None:
        nonlocal refused
        result = await client.do(deed, **given)
        is_done = result["__typename"].endswith("Payload")
        refused += not is_done
        return result if is_done else None

    for number, payload in enumerate(payloads()):
        body, note = f"{payload}\n\nis what they wrote, {number}", payload[:900]
        usual = {"title": f"A title for number {number}", "body": body, "tags": [f"tag{number}"]}
        titled = usual | {"title": f"{payload[:110]} {number:4}"}
        asked = await do(admin, "ask_question", **titled | {"tags": [payload[:35]]})
        asked = asked or await do(admin, "ask_question", **titled) or await do(admin, "ask_question", **usual)
        if asked is None:  # a control character, which is no text
            continue
        thread, post = asked["thread"]["id"], asked["thread"]["question"]["id"]
        reply = {"threadId": thread, "body": body}
        answered = await do(visitor, "post_answer", **reply, anonymous={"displayName": payload[:40]})
        answered = answered or await do(admin, "post_answer", **reply)
        assert answered is not None
        await do(admin, "post_comment", parentId=answered["answer"]["id"], body=body)
        await do(flagger, "flag_post", postId=post, reason="OTHER", note=note)
        await do(admin, "edit_post", postId=post, body=f"{body}!", comment=note)
        await do(admin, "hide_post", postId=answered["answer"]["id"], reason=note)
        await do(admin, "close_thread", threadId=thread, reason="OTHER", note=note)
        await do(visitor, "sign_up", name=payload[:20], email=f"x{number}@example.org", password="a long password")
        visitor.http.cookies.clear()
    for tag, payload in zip(await models.Tag.all(), payloads(), strict=False):
        await do(admin, "describe_tag", tagId=global_id(tag), description=payload[:900])
    return refused


async def test_nothing_that_was_written_is_dangerous_or_runs(visitor: Client, setting: Any) -> None:
    setting(hold=[], response_cache=False)
    admin = await trusted(visitor, "admin", UserLevel.ADMIN)
    refused = await write_everywhere(visitor, admin, await visitor.sign_up("flagger"))
    found = await readable(admin)
    report(found, refused)
    for name in ("Post.displayName", "User.name", "Tag.description", "Flag.note", "Thread.title", "Thread.note"):
        assert len(found[name]) > len(FEW) / 2, name
    assert len(found["Question.bodyHtml"]) > 0.95 * len(payloads())
    assert [each for each in found["Tag.name"] if not re.fullmatch(r"[\w.+#-]+", each)] == []
    assert fields_of_html() - {"User.aboutHtml"} <= {name for name, each in found.items() if len(each) > len(FEW) / 2}
    await judge(found)


async def test_nothing_that_was_imported_is_dangerous_or_runs(forum: str, visitor: Client, tmp_path: Path) -> None:
    given = list(enumerate((_NO_XML.sub(" ", each) for each in payloads()), start=1))
    people = [
        user(number, AboutMe=each, DisplayName=each[:40], Location=each, WebsiteUrl=each, ProfileImageUrl=link(each))
        for number, each in given
    ]
    questions = [
        question(number, Title=each, Body=each, Tags=f"|{each[:30]}|", OwnerUserId=number) for number, each in given
    ]
    answers = [answer(len(given) + number, number, Body=each, OwnerDisplayName=each[:40]) for number, each in given]
    comments = [comment(number, number, Text=each, UserDisplayName=each[:40]) for number, each in given]
    dump = written(tmp_path / "dump", Users=people, Posts=[*questions, *answers], Comments=comments)
    async with started(QA, "import", "stackexchange", str(dump), DATABASE_URL=forum) as process:
        imported = await outcome(process)
    assert (imported.status, imported.errors) == (0, ""), imported
    found = await readable(await trusted(visitor, "admin", UserLevel.ADMIN))
    report(found)
    for name in ("User.location", "User.avatarUrl", "User.name", "Thread.title", "Tag.name", "Post.displayName"):
        assert found[name], name
    assert len(found["User.aboutHtml"]) > len(FEW) / 2
    await judge(found)


def report(found: Texts, refused: int = 0) -> None:
    """Print how many texts were looked at."""
    counts = ", ".join(f"{len(texts):,} {name}" for name, texts in sorted(found.items()))
    print(f"{len(payloads()):,} payloads ({refused:,} refused): {counts}")


def link(payload: str) -> str:
    """A payload in an address of the web."""
    return f"https://a.example/{''.join(payload.split())[:300]}"
