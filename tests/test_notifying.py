"""Who is told of replies by mail: each address once, nobody of their own, nobody of what not all may see."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from clients import Client
from crowd import asked_by, member, question_of, words
from mail import SITE, deliver, sending, time_passes
from post_office import PostOffice

import models
from models import PostState
from models.database import transaction
from services import audit, choosing, notices, notifying, posting, sealing
from services.actors import Actor, Writer
from services.errors import InvalidInput
from services.notices import Wanted
from services.posting import Asked, Beside
from services.settling import settled

MARY, PAUL = Writer("a" * 64), Writer("b" * 64)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Where the site's mail goes."""
    with sending(monkeypatch) as office:
        yield office


def at(address: str, name: str | None = None) -> Beside:
    """Under that name, with mail to that address."""
    return Beside(name, Wanted(address))


TO_ACCOUNT = Beside(notify=Wanted())


async def with_address(name: str) -> models.User:
    """A member with an address."""
    user = await member(name)
    user.email = user.email_folded = f"{name}@example.org"
    await user.save(update_fields=["email", "email_folded"])
    return user


async def asked(actor: Actor, beside: Beside, title: str = "Who is told of this?") -> models.Post:
    return await question_of(await posting.ask_question(actor, Asked(title, words()), beside))


async def answered(actor: Actor, question: models.Post, beside: Beside = posting.NOTHING_BESIDE) -> models.Post:
    _, answer = await posting.post_answer(actor, question.thread_id, words(), beside)
    return answer


async def commented(actor: Actor, parent: models.Post, beside: Beside = posting.NOTHING_BESIDE) -> models.Post:
    _, comment = await posting.post_comment(actor, parent.id, words(), beside)
    return comment


async def told(office: PostOffice) -> list[str]:
    """Who is told now, of what was not told yet."""
    office.received.clear()
    await deliver(office)
    assert await models.OutgoingMail.all().count() == 0
    return office.recipients


async def test_who_asked_is_told_of_an_answer_and_its_writer_of_being_the_best(forum: str, office: PostOffice) -> None:
    ann = await with_address("ann")
    question = await asked(ann, TO_ACCOUNT)
    answer = await answered(MARY, question, at("mary@example.org", "Mary"))
    assert await told(office) == ["ann@example.org"]
    await choosing.choose_best_answer(ann, question.thread_id, answer.id)
    assert await told(office) == ["mary@example.org"]
    await choosing.choose_best_answer(ann, question.thread_id, answer.id)
    await choosing.choose_best_answer(ann, question.thread_id, None)
    assert await told(office) == []


async def test_a_mail_says_who_wrote_what_where_and_how_to_end_it(forum: str, office: PostOffice) -> None:
    question = await asked(await with_address("ann"), TO_ACCOUNT, "Où est la bibliothèque ?")
    await posting.post_answer(MARY, question.thread_id, "**Bold** words. " * 100, at("m@example.org", "Mary"))
    mail = await models.OutgoingMail.get()
    await deliver(office)
    [(recipient, message)] = office.received
    notice = await models.ReplyNotice.get(post_id=question.id)
    stop = f"{SITE}/stop/{notices.stop_token(notice.id)}"
    headers = {name: value for name, value in message.items() if name not in ("Content-Type", "Date", "MIME-Version")}
    del headers["Content-Transfer-Encoding"]
    assert recipient == "ann@example.org"
    assert headers == {
        "From": "forum@forum.example",
        "To": "ann@example.org",
        "Subject": "Answer: Où est la bibliothèque ?",
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert mail.message_id.endswith("@forum.example>")
    assert message.get_content_type() == "text/plain"
    words = message.get_content().replace("\r\n", "\n")
    assert words.startswith("Mary answered in\n\n    Où est la bibliothèque ?\n\nBold words. Bold words. ")
    assert words.count("Bold") < 30
    assert f"\n{SITE}/{question.thread_id}/o%C3%B9-est-la-biblioth%C3%A8que\n" in words
    assert words.endswith(f"{stop}\n")


async def test_a_comment_is_told_to_whom_it_answers_and_to_all_who_commented_before(
    forum: str, office: PostOffice
) -> None:
    ann, bob = await with_address("ann"), await with_address("bob")
    question = await asked(ann, TO_ACCOUNT)
    await commented(bob, question, TO_ACCOUNT)
    assert await told(office) == ["ann@example.org"]
    await commented(MARY, question, at("mary@example.org"))
    assert await told(office) == ["ann@example.org", "bob@example.org"]
    await commented(ann, question, TO_ACCOUNT)
    await commented(bob, question, TO_ACCOUNT)
    assert await told(office) == ["bob@example.org", "mary@example.org", "ann@example.org", "mary@example.org"]
    await commented(PAUL, question)
    assert await told(office) == ["ann@example.org", "bob@example.org", "mary@example.org"]
    answer = await answered(PAUL, question, at("paul@example.org"))
    assert await told(office) == ["ann@example.org"]
    await commented(bob, answer)
    assert await told(office) == ["paul@example.org"]


async def test_an_address_is_told_once_and_never_of_what_its_owner_did(forum: str, office: PostOffice) -> None:
    ann = await with_address("ann")
    question = await asked(ann, at("ANN@example.org"))
    await commented(MARY, question, at("one@example.org"))
    await commented(PAUL, question, at("One@Example.ORG"))
    await told(office)
    await commented(await member("bob"), question)
    assert await told(office) == ["ANN@example.org", "one@example.org"]
    # Ann by her account, which has that address too; and somebody new with the address of two others.
    await commented(ann, question)
    assert await told(office) == ["one@example.org"]
    await commented(Writer("c" * 64), question, at("one@example.org"))
    assert await told(office) == ["ANN@example.org"]


async def test_who_has_no_account_is_not_told_of_their_own_replies(forum: str, office: PostOffice) -> None:
    question = await asked(MARY, at("mary@example.org"))
    await commented(MARY, question)
    assert await told(office) == []
    await commented(PAUL, question)
    assert await told(office) == ["mary@example.org"]


async def test_whoever_wants_none_and_whoever_has_no_address_gets_none(forum: str, office: PostOffice) -> None:
    ann = await with_address("ann")
    for actor, beside in ((ann, posting.NOTHING_BESIDE), (await member("bob"), TO_ACCOUNT), (MARY, TO_ACCOUNT)):
        await answered(PAUL, await asked(actor, beside))
    assert await told(office) == []
    assert await models.ReplyNotice.all().count() == 0


async def test_by_default_a_user_is_told_at_their_accounts_address(visitor: Client, office: PostOffice) -> None:
    ann = await visitor.sign_up("ann")
    await told(office)  # that asks to confirm the address
    threads = []
    for given in ({}, {"notifyMe": None}, {"notifyMe": False}, {"notifyMe": False, "notifyEmail": "a@example.net"}):
        asked = await ann.do("write_question", title="Who is told of this?", body=words(), **given)
        threads.append(asked["thread"]["id"])
    recipients = []
    for thread in threads:
        await visitor.do("write_answer", threadId=thread, body=words())
        recipients.append(await told(office))
        visitor.http.cookies.clear()
    assert recipients == [["ann@example.org"], ["ann@example.org"], [], ["a@example.net"]]


async def test_nobody_is_told_of_what_waits_until_it_is_approved(
    forum: str, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await asked(await with_address("ann"), TO_ACCOUNT)
    monkeypatch.setattr(posting, "waits_for_approval", lambda *_: True)
    for post in (await answered(MARY, question), await commented(MARY, question)):
        assert post.state is PostState.QUEUED
        assert await told(office) == []
        async with transaction():
            async with settled(post.thread_id):
                await models.Post.filter(id=post.id).update(state=PostState.VISIBLE)
            await notifying.notify_of(await models.Post.get(id=post.id))
        assert await told(office) == ["ann@example.org"]
    assert [finding.name async for finding in audit.check() if finding.offenders] == []


async def test_what_is_hidden_before_the_mail_has_gone_is_not_told(forum: str, office: PostOffice) -> None:
    question = await asked(await with_address("ann"), TO_ACCOUNT)
    answer = await answered(MARY, question)
    async with transaction(), settled(answer.thread_id):
        await models.Post.filter(id=answer.id).update(state=PostState.HIDDEN)
    assert await told(office) == []


async def test_a_site_that_sends_no_mail_writes_none(forum: str) -> None:
    question = await asked(await with_address("ann"), TO_ACCOUNT)
    await answered(MARY, question)
    assert await models.OutgoingMail.all().count() == 0


async def test_no_header_can_be_slipped_in(forum: str, office: PostOffice) -> None:
    evil = "x\r\nBcc: victim@example.org\r\n\r\nWords"
    for address in ("a@example.org\r\nBcc: victim@example.org", "a@example.org, victim@example.org", "<a@example.org>"):
        with pytest.raises(InvalidInput):
            await asked(MARY, at(address))
    for beside in (Beside(evil, Wanted("mary@example.org")), Beside(notify=Wanted("m\x00@example.org"))):
        with pytest.raises(InvalidInput):
            await asked(MARY, beside)
    question = await asked(MARY, at("mary@example.org"))
    # As if the rules had been others when it was written, or it was imported.
    await models.Thread.filter(id=question.thread_id).update(title=f"{evil}\u2028Cc: victim@example.org\x0b\x85")
    await models.Post.filter(id=(await answered(PAUL, question)).id).update(author_name=evil)
    await commented(PAUL, await models.Post.get(kind="answer"))
    await deliver(office)
    [(recipient, message)] = office.received
    assert recipient == "mary@example.org"
    assert message["Subject"] == "Answer: x Bcc: victim@example.org Words Cc: victim@example.org"
    assert (message["Bcc"], message["Cc"], message["To"]) == (None, None, "mary@example.org")


async def test_an_international_address_is_written_as_any_server_takes_it(forum: str, office: PostOffice) -> None:
    question = await asked(MARY, at("mary@bücher.example"))
    await answered(PAUL, question)
    assert await told(office) == ["mary@xn--bcher-kva.example"]


async def test_the_address_goes_with_the_subscription_and_so_does_what_was_to_be_sent(
    visitor: Client, office: PostOffice
) -> None:
    question = await asked(MARY, at("mary@example.org"))
    await answered(PAUL, question)
    notice = await models.ReplyNotice.get()
    assert sealing.opened(notice.sealed_address or "") == "mary@example.org"
    link = urlsplit(f"{SITE}/stop/{notices.stop_token(notice.id)}").path
    for _ in range(2):  # again, it changes nothing
        ended = await visitor.http.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (ended.status_code, "You will get no more mail" in ended.text) == (200, True)
        assert await models.ReplyNotice.all().count() == await models.OutgoingMail.all().count() == 0
    await time_passes()
    assert await told(office) == []


async def test_opening_the_link_ends_nothing_and_shows_a_button_that_does(visitor: Client) -> None:
    question = await asked(MARY, at("mary@example.org"))
    link = f"/stop/{notices.stop_token((await models.ReplyNotice.get()).id)}"
    page = await visitor.http.get(link)
    assert page.status_code == 200
    assert '<form method="post"><button>Stop this mail</button></form>' in page.text
    assert {name: page.headers[name] for name in ("content-security-policy", "referrer-policy", "cache-control")} == {
        "content-security-policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    assert await models.ReplyNotice.exists(post_id=question.id)
    for wrong in ("/stop/x", f"{link}x", f"/stop/{notices.stop_token(0)[:-1]}"):
        for response in (await visitor.http.get(wrong), await visitor.http.post(wrong)):
            assert response.status_code == 404
    assert (await visitor.http.put(link)).status_code == 405
    assert await models.ReplyNotice.exists(post_id=question.id)
    assert (await visitor.http.post(link)).status_code == 200
    assert not await models.ReplyNotice.exists(post_id=question.id)


async def test_a_notice_goes_with_its_post_and_its_account(forum: str) -> None:
    ann = await with_address("ann")
    _, theirs = await asked_by(ann)
    await commented(ann, theirs, TO_ACCOUNT)
    comment = await commented(MARY, theirs, at("mary@example.org"))
    assert await models.ReplyNotice.all().count() == 2
    await models.Post.filter(id=comment.id).delete()
    await models.User.filter(id=ann.id).delete()
    assert await models.ReplyNotice.all().count() == 0


async def test_a_post_that_does_not_stay_is_told_to_nobody(forum: str, office: PostOffice) -> None:
    question = await asked(await with_address("ann"), TO_ACCOUNT)
    with suppress(ZeroDivisionError):
        async with transaction():
            await answered(MARY, question)
            raise ZeroDivisionError
    assert await told(office) == []
