"""The life of an answer without an account, as on the page this server is for: given, told of, and claimed.

Over real HTTP, by a server in a process of its own, with a real mail server; and nobody else ever reads the address.
"""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from clients import Client
from command_line import outcome, serving
from crowd import WORDS, category_at
from everything import everything
from post_office import PostOffice

from models import database
from services import audit

#: What the visitor gives, in the spelling that it is kept in and in those that it is compared in.
ADDRESS = "Mary.Secret@Mail.example"
TITLE = "How might therapists respond when a borderline client suddenly pushes them away?"


async def received(office: PostOffice, count: int) -> list[tuple[str, Any]]:
    """What has come in, when so much has."""
    async with asyncio.timeout(30):
        while len(office.received) < count:  # noqa: ASYNC110  it is received in a thread
            await asyncio.sleep(0.01)
    return office.received


def tells(text: bytes | str) -> bool:
    """Whether the address, or its half that names somebody, can be read in it."""
    return "mary.secret" in (text.decode("latin-1") if isinstance(text, bytes) else text).lower()


async def kept(url: str) -> bytes:
    """All that the database holds, as it lies on the disk; of PostgreSQL, all rows as text."""
    if url.startswith("sqlite://"):
        file = Path(url.removeprefix("sqlite://"))
        return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    async with database.connected(url):
        tables = await database.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'")
        rows = [await database.fetch(f'SELECT CAST(t AS text) AS row FROM "{each["relname"]}" AS t') for each in tables]
    return "\n".join(row["row"] for table in rows for row in table).encode()


async def test_an_answer_without_an_account_is_told_of_stopped_and_claimed(
    forum_url: str,
) -> None:
    async with database.connected(forum_url):
        await category_at("psychotherapists")
    answers: list[str] = []

    async def overhear(response: httpx2.Response) -> None:
        await response.aread()
        answers.append(response.text)

    with PostOffice().open() as office:
        async with serving(forum_url, MAIL_SERVER=office.url) as (process, http):
            http.event_hooks = {"response": [overhear]}
            visitor = Client(http)
            ann, bob = await visitor.sign_up("ann"), await visitor.sign_up("bob")
            await received(office, 2)  # which ask to confirm their addresses
            asked = await ann.do("write_question", title=TITLE, body="", categoryPath="psychotherapists")
            thread = asked["thread"]

            # A visitor answers, under a name and with an address, and is known again by a cookie.
            given = {"anonymous": {"displayName": "Mary"}, "notifyEmail": ADDRESS}
            answered = await visitor.do("write_answer", threadId=thread["id"], body=WORDS, **given)
            assert answered["answer"] | {"id": 0} == {
                "id": 0,
                "displayName": "Mary",
                "state": "VISIBLE",
                "author": None,
            }
            [_, _, (asker, _)] = await received(office, 3)
            assert asker == "ann@example.org"
            http.cookies.clear()

            # The first try to tell her fails, with her address in the mail server's words.
            office.replies.append(f"554 {ADDRESS} is not for us")
            comment = {"parentId": answered["answer"]["id"], "body": WORDS}
            await bob.do("write_comment", **comment, notifyMe=False)
            async with asyncio.timeout(30):
                while office.tries < 4:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await bob.do("write_comment", **comment, notifyMe=False)
            [*_, (told, message)] = await received(office, 4)
            assert told == ADDRESS.replace("Mail", "mail")
            assert message["Subject"] == f"Comment: {TITLE}"

            # Meanwhile nobody reads the address anywhere.
            ids = {
                "Thread": thread["id"],
                "Question": thread["question"]["id"],
                "Answer": answered["answer"]["id"],
            }
            arguments = {"number": str(thread["number"]), "name": '"ann"', "path": '"psychotherapists"'}
            arguments |= {"id": f'"{ids["Answer"]}"', "ids": f'["{ids["Answer"]}"]'}
            before = len(answers)
            for document in everything(ids, arguments):
                for client in (visitor, ann, bob):
                    assert "errors" not in await client.post(document)
            assert len(answers) - before > 45
            found = await kept(forum_url)
            assert b"ann@example.org" in found  # an account's, which is kept as it is
            assert not tells(found)

            # The link in the mail ends it, without cookies, at one click.
            stop = urlsplit(re.findall(r"<(.*)>", message["List-Unsubscribe"])[0]).path
            assert "Stop this mail" in (await http.get(stop)).text
            ended = await http.post(stop, data={"List-Unsubscribe": "One-Click"})
            assert ended.status_code == 200
            await bob.do("write_comment", **comment)

            # She makes an account, and the answer hers.
            await visitor.do("cast_vote", postId=answered["answer"]["id"], value="UP")
            await ann.do("cast_vote", postId=answered["answer"]["id"], value="UP")
            mary = await visitor.sign_up("mary")
            claimed = await mary.do("claim_posts", tokens=[answered["claimToken"]])
            assert [post["author"] for post in claimed["posts"]] == [{"name": "mary", "points": 100 + 40 + 20}]
            [*_, (last, _)] = await received(office, 5)
            assert (last, len(office.received)) == ("mary@example.org", 5)
            process.terminate()
            log = await outcome(process)
    assert "SMTPDataError 554" in log.output + log.errors
    assert not any(tells(each) for each in (*answers, log.output, log.errors))
    assert not tells(await kept(forum_url))
    async with database.connected(forum_url):
        assert [finding.name async for finding in audit.check() if finding.offenders] == []
        assert await database.fetch("SELECT id FROM reply_notice WHERE sealed_address IS NOT NULL") == []
        assert await database.fetch("SELECT id FROM outgoing_mail") == []
