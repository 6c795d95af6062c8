"""What attackers write runs in none of the server's own pages, and in no mail: those of links, answers opened in a
browser, and GraphiQL, which shows what others wrote.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from clients import Client
from mail import SITE, deliver, sending
from post_office import PostOffice
from selectolax.lexbor import LexborHTMLParser
from test_graphiql import GraphiQL
from xss import FEW, payloads, touch, watched_page

_SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) {
  __typename ... on SignUpPayload { viewer { user { name } } } } }"""
#: What our small pages are made of.
_TAGS = {"html", "head", "meta", "title", "body", "main", "p", "form", "button", "-text"}


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Where the site's mail goes."""
    with sending(monkeypatch) as office:
        yield office


def some() -> list[str]:
    """Some of the payloads, few or many: pages are slow."""
    return payloads()[:: max(3, len(payloads()) // 60)]


def tags(html: str) -> set[str | None]:
    """The elements of a page, as a browser's parser sees it."""
    root = LexborHTMLParser(html).root
    assert root is not None
    return {node.tag for node in root.traverse(include_text=True)}


async def test_no_page_of_a_link_and_no_answer_runs_what_it_repeats(visitor: Client) -> None:
    origin = str(visitor.http.base_url).rstrip("/")
    async with watched_page(origin) as (page, ran):
        for payload in some():
            word = quote(payload, safe="")
            for path in (
                f"/confirm/{word}",
                f"/stop/{word}",
                f"/{word}",
                f"/graphql?query={word}",
                f"/graphql?query={quote('{ tag(name: ', safe='')}{word}",
            ):
                answer = await visitor.http.get(path)
                assert answer.status_code < 500, path
                assert answer.headers["x-content-type-options"] == "nosniff", path
                if answer.is_redirect:  # to a page of ours, whatever the path was
                    assert re.match(rf"{re.escape(origin)}/|/(?![/\\])", answer.headers["location"]), path
                    continue
                kind = answer.headers["content-type"].partition(";")[0]
                assert kind in ("text/plain", "application/json", "application/graphql-response+json", "text/html")
                assert kind != "text/html" or tags(answer.text) <= _TAGS, path
                await page.goto(f"{origin}{path}")
                await touch(page)
    assert ran == []


async def test_no_name_runs_in_the_page_that_confirms_its_address(visitor: Client, office: PostOffice) -> None:
    origin = str(visitor.http.base_url).rstrip("/")
    names = 0
    async with watched_page(origin) as (page, ran):
        for number, payload in enumerate(some()):
            given = {"email": f"x{number}@example.org", "password": "a long password"}
            joined = (await visitor.post(_SIGN_UP, {"input": {"name": payload[:20], **given}}))["data"]["signUp"]
            visitor.http.cookies.clear()
            if joined["__typename"] != "SignUpPayload":
                continue
            names += 1
            await deliver(office)
            _, message = office.received.pop()
            assert message.get_content_type() == "text/plain"
            [link] = re.findall(rf"^{SITE}(/confirm/\S+)\s*$", message.get_content(), re.M)
            await page.goto(f"{origin}{link}")
            await page.get_by_role("button").click()
            await page.get_by_text("your address is confirmed").wait_for()
            assert joined["viewer"]["user"]["name"] in await page.locator("p").inner_text()
            assert tags(await page.content()) <= _TAGS
            await touch(page)
    assert names > len(some()) / 2
    assert ran == []


async def test_mail_of_what_was_written_is_plain_text(visitor: Client, office: PostOffice) -> None:
    ann = await visitor.sign_up("ann")
    office_began = len(office.received)
    for number, payload in enumerate(some()):
        title = {"title": f"{payload[:110]} {number:4}"}
        given = {"body": f"What is it, {number}?", "notifyEmail": "bob@example.org", "anonymous": {}}
        asked = await visitor.do("ask_question", **given | title)
        if asked["__typename"] != "AskQuestionPayload":
            asked = await visitor.do("ask_question", **given | {"title": f"A title for number {number}"})
        body = f"{payload}\n\nis what they wrote, {number}"
        await ann.do("post_answer", threadId=asked["thread"]["id"], body=body)
    await deliver(office)
    mails = [message for address, message in office.received[office_began:] if address == "bob@example.org"]
    assert len(mails) == len(some())
    assert {each.get_content_type() for each in mails} == {"text/plain"}
    usual = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe"}
    usual |= {"List-Unsubscribe-Post", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert {name for each in mails for name in each} <= usual


async def test_graphiql_shows_it_and_runs_nothing(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title=f"{FEW[0]} in a title", body="\n\n".join(FEW))
    for number, payload in enumerate(some()):
        given = {"threadId": asked["thread"]["id"], "body": f"{payload}\n\nis what they wrote, {number}"}
        await ann.do("post_answer", **given)
    origin = str(visitor.http.base_url).rstrip("/")
    async with watched_page(origin) as (page, ran):
        opened = GraphiQL(page, origin)
        await opened.open()
        await opened.run()
        assert await opened.response("data", "thread", "title") == f"{FEW[0]} in a title"
        await touch(page)
        await opened.assert_at_peace()
    assert ran == []
