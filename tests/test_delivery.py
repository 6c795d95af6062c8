"""Delivery: what is in the outbox is sent, tried again, given up; once, whoever else sends, and whatever dies."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from command_line import answering, qa, serving
from crowd import asked_by, member, words
from mail import deliver, sending, time_passes
from post_office import PostOffice

import models
from models import database
from models.database import transaction
from schema.nodes import global_id
from services import clock, outbox, posting
from services.actors import Writer
from services.delivery import FIRST_PAUSE, LEASE, LONGEST_PAUSE, MOST_ATTEMPTS, Delivery, delivering
from services.notices import Wanted
from services.outbox import Letter
from services.posting import Asked, Beside

MARY, PAUL = Writer("a" * 64), Writer("b" * 64)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Where the site's mail goes."""
    with sending(monkeypatch) as office:
        yield office


async def something_to_tell(address: str = "mary@example.org") -> models.Thread:
    """A mail in the outbox."""
    beside = Beside(notify=Wanted(address))
    thread = await posting.ask_question(MARY, Asked("What is told, and when?", words()), beside)
    await posting.post_answer(PAUL, thread.id, words())
    return thread


async def until(office: PostOffice, count: int) -> None:
    """Wait until so many mails have come in."""
    async with asyncio.timeout(30):
        while len(office.received) < count:  # noqa: ASYNC110  it is received in a thread
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("reply", ["451 Later", "554 mary@example.org is not for us", "421 Going down", "close"])
async def test_what_fails_is_tried_again_later_with_the_same_id(
    forum: str, office: PostOffice, reply: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await something_to_tell()
    before = await models.OutgoingMail.get()
    office.replies[:] = [reply, reply]
    for attempt in (1, 2):
        assert await deliver(office) == 1
        mail = await models.OutgoingMail.get()
        assert (mail.attempts, mail.failed_at, mail.message_id) == (attempt, None, before.message_id)
        assert re.fullmatch(r"SMTP\w+( \d+)?", mail.trouble or "")
        pause = mail.due_at - clock.now()
        assert FIRST_PAUSE * 2 ** (attempt - 1) / 2 - timedelta(seconds=5) < pause < FIRST_PAUSE * 2 ** (attempt - 1)
        assert await deliver(office) == 0
        await time_passes()
    assert await deliver(office) == 1
    assert (office.tries, office.recipients) == (3, ["mary@example.org"])
    assert office.received[0][1]["Message-ID"] == before.message_id
    assert await models.OutgoingMail.all().count() == 0
    assert "mary" not in "".join(capsys.readouterr())


async def test_a_server_that_does_not_answer_is_tried_again(forum: str, office: PostOffice) -> None:
    await something_to_tell()
    elsewhere = PostOffice()
    assert await deliver(elsewhere) == 1
    assert (await models.OutgoingMail.get()).trouble == "SMTPConnectError"
    await time_passes()
    assert await deliver(office) == 1
    assert office.recipients == ["mary@example.org"]


async def test_what_always_fails_is_given_up_and_what_it_said_is_deleted(forum: str, office: PostOffice) -> None:
    await something_to_tell()
    office.replies[:] = ["554 No"] * (MOST_ATTEMPTS + 1)
    waited = timedelta()
    for _ in range(MOST_ATTEMPTS):
        assert await deliver(office) == 1
        waited += min((await models.OutgoingMail.get()).due_at - clock.now(), LONGEST_PAUSE)
        await time_passes()
    assert waited > timedelta(hours=12)
    mail = await models.OutgoingMail.get()
    assert (mail.failed_at is not None, mail.sealed, mail.trouble) == (True, "", "SMTPDataError 554")
    await models.OutgoingMail.all().update(due_at=clock.now())
    assert await deliver(office) == 0
    assert office.tries == MOST_ATTEMPTS


async def test_one_that_cannot_be_sent_keeps_no_other_back(forum: str, office: PostOffice) -> None:
    await something_to_tell()
    await models.OutgoingMail.all().update(sealed="not what was sealed")
    await something_to_tell("paul@example.org")
    assert await deliver(office) == 2
    assert office.recipients == ["paul@example.org"]
    assert (await models.OutgoingMail.get()).trouble == "InvalidToken"


async def test_while_it_is_being_sent_nobody_else_sends_it(
    forum: str, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await something_to_tell(f"m{number}@example.org")
    assert sum(await asyncio.gather(*(deliver(office) for _ in range(4)))) == 6
    assert sorted(office.recipients) == [f"m{number}@example.org" for number in range(6)]
    # One whose sender died has to wait for the end of the lease.
    await something_to_tell()
    with monkeypatch.context() as patched:
        patched.setattr(Delivery, "_message", _die)
        with pytest.raises(asyncio.CancelledError):
            await deliver(office)
    assert await deliver(office) == 0
    with clock.standing_at(clock.now() + LEASE):
        assert await deliver(office) == 1
    assert office.recipients[-1] == "mary@example.org"


async def _die(*_: Any) -> None:
    raise asyncio.CancelledError


async def test_mail_goes_as_soon_as_it_is_committed_and_the_server_stops_cleanly(
    forum: str, office: PostOffice
) -> None:
    await something_to_tell("first@example.org")
    async with delivering():
        await until(office, 1)
        for count in (2, 3):
            async with transaction():
                await something_to_tell(f"{count}@example.org")
                await asyncio.sleep(0.05)
                assert len(office.received) == count - 1
            await until(office, count)
        office.replies[:] = ["451 Later"]
        await something_to_tell("later@example.org")
    assert office.recipients == ["first@example.org", "2@example.org", "3@example.org"]


async def test_a_password_is_not_told_to_a_server_without_tls(forum: str, office: PostOffice) -> None:
    await something_to_tell()
    delivery = Delivery(office.url.replace("//", "//us%40er:pass@"), "forum@forum.example")
    assert await delivery.deliver_next()
    assert (office.tries, (await models.OutgoingMail.get()).trouble) == (0, "SMTPException")


async def test_a_letter_to_an_account_that_is_gone_goes_nowhere(forum: str, office: PostOffice) -> None:
    ann = await member("ann")
    async with transaction():
        await outbox.put(Letter("Hello", "Words.", user_id=ann.id))
    assert await deliver(office) == 1
    assert (office.received, await models.OutgoingMail.all().count()) == ([], 0)


@pytest.mark.parametrize("server", ["localhost", "http://localhost", "smtp://"])
def test_a_mail_server_that_is_none_is_told_in_a_line(
    forum_url: str, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setenv("MAIL_SERVER", server)
    refused = qa(forum_url, "check")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "MAIL_SERVER: Value error, it is neither smtp://USER:PASSWORD@HOST:PORT nor smtps://"


@pytest.mark.parametrize("url", ["forum.example", "https://", "https://forum.example/?x"])
def test_a_site_that_is_nowhere_is_told_in_a_line(forum_url: str, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PUBLIC_URL", url)
    refused = qa(forum_url, "check")
    assert refused.errors == "PUBLIC_URL: Value error, it is not https://HOST, with a path perhaps"


async def test_a_server_that_is_killed_before_the_mail_has_gone_sends_it_once_when_it_runs_again(
    forum_url: str,
) -> None:
    office = PostOffice()
    async with database.connected(forum_url):
        thread, question = await asked_by(await member("ann"))
        await models.ReplyNotice.create(post=question, user_id=question.author_id, created_at=clock.now())
        await models.User.filter(name="ann").update(email="ann@example.org", email_folded="ann@example.org")
    answer = "mutation ($id: ID!, $body: String!) { postAnswer(input: {threadId: $id, body: $body}) { __typename } }"
    async with serving(forum_url, MAIL_SERVER=office.url) as (process, http):
        variables = {"id": global_id(thread), "body": words()}
        answered = await http.post("/graphql", json={"query": answer, "variables": variables})
        assert answered.json() == {"data": {"postAnswer": {"__typename": "PostAnswerPayload"}}}
        process.kill()
        await process.wait()
    async with database.connected(forum_url):
        mail = await models.OutgoingMail.get()
        await time_passes()
    with office.open():
        async with serving(forum_url, MAIL_SERVER=office.url) as (process, http):
            await until(office, 1)
            process.terminate()  # which lets it note that the mail has gone
            await process.wait()
        async with serving(forum_url, MAIL_SERVER=office.url) as (process, http):
            await answering(process, http)
            await asyncio.sleep(0.5)
    [(recipient, message)] = office.received
    assert (recipient, message["Message-ID"]) == ("ann@example.org", mail.message_id)
    async with database.connected(forum_url):
        assert await models.OutgoingMail.all().count() == 0
