"""Closing: a closed thread takes no answers, says why, and leads to what it is a duplicate of."""

import asyncio

from clients import Client
from crowd import asked_by, member
from refusals import wrong_fields
from test_audit import found
from test_hiding import log, trusted, user
from test_permissions import refused

import models
from models import ClosureReason, ModerationDeed, UserLevel
from schema.nodes import global_id
from services import closing, hiding
from services.errors import Refusal

AGAIN = "What is a test worth, once more?"


async def refusal_of(client: Client, deed: str, thread: models.Thread, **input: str) -> str:
    """Why the deed is refused, after `viewerCan` has said the same."""
    action = {"close_thread": "CLOSE", "reopen_thread": "REOPEN"}[deed]
    before = await client.run("thread_permissions", number=thread.id, action=action)
    result = await client.do(deed, threadId=global_id(thread), **input)
    assert result["__typename"] == "NotPermitted", result
    reason: str = result["permission"]["reason"]
    assert before["thread"]["viewerCan"] == refused(reason, result["message"])
    return reason


async def test_an_editor_closes_a_thread_and_opens_it_again(visitor: Client) -> None:
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    thread, _ = await asked_by(await member("ann"))
    closed = await eve.do("close_thread", threadId=global_id(thread), reason="UNCLEAR", note=" What test? ")
    assert closed == {
        "__typename": "CloseThreadPayload",
        "thread": {
            "id": global_id(thread),
            "closure": {"reason": "UNCLEAR", "note": "What test?", "by": {"name": "eve"}, "duplicateOf": None},
            "viewerCan": {"reason": "CLOSED"},
        },
    }
    assert await refusal_of(eve, "close_thread", thread, reason="OTHER") == "ALREADY_DONE"
    assert await eve.do("reopen_thread", threadId=global_id(thread)) == {
        "__typename": "ReopenThreadPayload",
        "thread": {"id": global_id(thread), "closure": None, "viewerCan": {"reason": None}},
        "formerDuplicateOf": None,
    }
    assert await refusal_of(eve, "reopen_thread", thread) == "ALREADY_DONE"
    assert await log() == [
        (ModerationDeed.CLOSED, "eve", None, "What test?"),
        (ModerationDeed.REOPENED, "eve", None, None),
    ]
    assert await found() == {}


async def test_a_duplicate_leads_to_the_first_and_the_first_to_its_duplicates(visitor: Client) -> None:
    eve = await trusted(visitor, "eve", UserLevel.EDITOR)
    ann = await member("ann")
    (first, _), (second, _) = await asked_by(ann), await asked_by(ann, AGAIN)
    closed = await eve.do(
        "close_thread", threadId=global_id(second), reason="DUPLICATE", duplicateOfId=global_id(first)
    )
    duplicates = {"totalCount": 1, "nodes": [{"number": second.id}]}
    assert closed["thread"]["closure"]["duplicateOf"] == {"number": first.id, "duplicates": duplicates}
    await first.refresh_from_db()
    assert first.duplicate_count == 1
    opened = await eve.do("reopen_thread", threadId=global_id(second))
    assert opened["formerDuplicateOf"] == {"number": first.id, "duplicates": {"totalCount": 0}}
    await first.refresh_from_db()
    assert first.duplicate_count == 0


async def test_an_asker_closes_their_own_and_opens_what_they_closed(visitor: Client) -> None:
    ann, eve = await visitor.sign_up("ann"), await trusted(visitor, "eve", UserLevel.EDITOR)
    thread, _ = await asked_by(await user("ann"))
    assert (await ann.do("close_thread", threadId=global_id(thread), reason="RESOLVED"))["thread"]["closure"]
    assert (await ann.do("reopen_thread", threadId=global_id(thread)))["thread"]["closure"] is None
    assert await log() == []
    await eve.do("close_thread", threadId=global_id(thread), reason="OFF_TOPIC")
    assert await refusal_of(ann, "reopen_thread", thread) == "LEVEL"


async def test_others_are_told_why_they_may_not(visitor: Client) -> None:
    bob = await visitor.sign_up("bob")
    thread, _ = await asked_by(await member("ann"))
    assert await refusal_of(visitor, "close_thread", thread, reason="OTHER") == "SIGN_IN"
    assert await refusal_of(bob, "close_thread", thread, reason="OTHER") == "LEVEL"


async def test_the_other_thread_is_given_for_duplicates_and_for_nothing_else(visitor: Client) -> None:
    eve, ann = await trusted(visitor, "eve", UserLevel.EDITOR), await member("ann")
    (first, _), (second, _), (hidden, its_question) = [await asked_by(ann, f"{AGAIN} {each}") for each in range(3)]
    await hiding.hide_post(ann, its_question.id, None)
    wanted = {"threadId": global_id(first)}
    assert await wrong_fields(eve, "close_thread", **wanted, reason="DUPLICATE", note="x" * 1001) == {
        "note": "Write at most 1,000 characters; these are 1,001.",
        "duplicateOfId": "Say which thread asked the same before.",
    }
    for reason, other, message in (
        ("OTHER", global_id(second), "Leave it out, or give the reason DUPLICATE."),
        ("DUPLICATE", global_id(first), "Give another thread: none is a duplicate of itself."),
        ("DUPLICATE", global_id(models.Thread(id=hidden.id + 1)), "There is no such thread."),
    ):
        wrong = await wrong_fields(eve, "close_thread", **wanted, reason=reason, duplicateOfId=other)
        assert wrong == {"duplicateOfId": message}
    own = await visitor.sign_up("own")
    thread, _ = await asked_by(await user("own"), "Which thread is it that I cannot see?")
    wrong = await wrong_fields(
        own, "close_thread", threadId=global_id(thread), reason="DUPLICATE", duplicateOfId=global_id(hidden)
    )
    assert wrong == {"duplicateOfId": "There is no such thread."}
    await eve.do("close_thread", threadId=global_id(second), reason="DUPLICATE", duplicateOfId=global_id(first))
    wrong = await wrong_fields(eve, "close_thread", **wanted, reason="DUPLICATE", duplicateOfId=global_id(second))
    assert wrong == {"duplicateOfId": f"That is a duplicate itself: give the thread with the number {first.id}."}


async def test_of_two_that_close_each_others_threads_at_once_one_is_refused(forum: str) -> None:
    ann = await member("ann")
    (first, _), (second, _) = await asked_by(ann), await asked_by(ann, AGAIN)
    done = await asyncio.gather(
        closing.close_thread(ann, first.id, ClosureReason.DUPLICATE, None, second.id),
        closing.close_thread(ann, second.id, ClosureReason.DUPLICATE, None, first.id),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, Refusal) for each in done) == [False, True]
    assert await found() == {}
