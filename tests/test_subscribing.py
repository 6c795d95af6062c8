"""Subscribing: the writer of a post says whether and where they are told of replies, and nobody else does."""

from clients import Client
from crowd import WORDS, asked_by, member

import models
from schema.nodes import global_id
from services import claims, posting, sealing
from services.actors import Writer

WRITER = Writer("a" * 64)


async def addresses() -> list[str | None]:
    """Where mail of replies goes: an address, or None for an account's."""
    notices = await models.ReplyNotice.all().order_by("id")
    return [each.sealed_address and sealing.opened(each.sealed_address) for each in notices]


async def test_a_user_is_told_at_their_accounts_address_or_another_or_not_at_all(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    _, question = await asked_by(await models.User.get())
    post = global_id(question)
    assert await ann.do("set_reply_notice", postId=post, notify=True) == {
        "__typename": "SetReplyNoticePayload",
        "notify": True,
        "post": {"id": post},
    }
    assert await addresses() == [None]
    [before] = await models.ReplyNotice.all().values_list("id", flat=True)
    await ann.do("set_reply_notice", postId=post, notify=True, email=None)
    assert await models.ReplyNotice.all().values_list("id", flat=True) == [before]
    await ann.do("set_reply_notice", postId=post, notify=True, email="ann@example.net")
    assert await addresses() == ["ann@example.net"]
    [before] = await models.ReplyNotice.all().values_list("id", flat=True)
    await ann.do("set_reply_notice", postId=post, notify=True, email="Ann@example.net")
    assert await models.ReplyNotice.all().values_list("id", flat=True) == [before]
    for _ in range(2):
        ended = await ann.do("set_reply_notice", postId=post, notify=False, email="nonsense")
        assert (ended["__typename"], ended["notify"]) == ("SetReplyNoticePayload", False)
        assert await addresses() == []


async def test_who_wrote_without_an_account_does_so_with_the_claim_token(visitor: Client) -> None:
    thread, _ = await asked_by(await member("bob"))
    _, answer = await posting.post_answer(WRITER, thread.id, WORDS)
    post, token = global_id(answer), claims.token_of(answer)
    told = await visitor.do("set_reply_notice", postId=post, notify=True, email="mary@example.org", claimToken=token)
    assert told["__typename"] == "SetReplyNoticePayload"
    assert await addresses() == ["mary@example.org"]
    for email, message in ((None, "Give the address to tell."), ("x", "An email address must have an @-sign.")):
        wrong = await visitor.do("set_reply_notice", postId=post, notify=True, email=email, claimToken=token)
        assert wrong["fields"][-1] == {"path": ["email"], "message": message}
    assert await addresses() == ["mary@example.org"]
    await visitor.do("set_reply_notice", postId=post, notify=False, claimToken=token)
    assert await addresses() == []


async def test_nobody_decides_for_others(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread, question = await asked_by(await member("bob"))
    given = {"postId": global_id(question), "notify": True, "email": "victim@example.org"}
    assert await ann.do("set_reply_notice", **given) == {
        "__typename": "NotPermitted",
        "message": "Only who wrote a post is told of replies to it.",
        "permission": {"allowed": False, "reason": "DISABLED"},
    }
    assert await visitor.do("set_reply_notice", **given) == {
        "__typename": "NotPermitted",
        "message": "Sign in, or give the claim token that came with the post.",
        "permission": {"allowed": False, "reason": "SIGN_IN"},
    }
    _, answer = await posting.post_answer(WRITER, thread.id, WORDS)
    other = await visitor.do("set_reply_notice", **given, claimToken=claims.token_of(answer))
    assert other["__typename"] == "NotPermitted"
    assert (await ann.do("set_reply_notice", **given | {"postId": global_id(models.Post(id=999))})) == {
        "__typename": "NotFound",
        "message": "There is no such post.",
    }
    assert await addresses() == []
