"""Choosing: the best answer of a thread."""

import models
from models import ModerationDeed, PostKind
from models.database import transaction
from services import happenings, log, notifying
from services.actors import Actor, wrote
from services.changes import changed
from services.errors import NotFound
from services.happenings import ActivityKind
from services.permissions import ThreadFacts, choose_best_refusal
from services.settling import settled
from services.visibility import visible_posts, visible_threads


async def choose_best_answer(actor: Actor, thread_id: int, answer_id: int | None) -> models.Thread:
    """Choose the best answer of a thread, or with None take the choice back. The same again changes nothing.

    Raises NotFound and NotPermitted. The asker is paid for choosing, the answerer for being chosen, unless they are
    one and the same (Question2Answer, `aselecteds`).
    """
    async with transaction():
        thread = await visible_threads(actor).get_or_none(id=thread_id)
        if thread is None:
            raise NotFound("There is no such thread.")
        async with settled(thread_id):
            # As it is, now that nobody else changes it.
            thread = await models.Thread.get(id=thread_id)
            if refusal := choose_best_refusal(actor, ThreadFacts.of(thread)):
                raise refusal
            chosen = None
            if answer_id is not None:
                answers = visible_posts(actor).filter(thread_id=thread.id, kind=PostKind.ANSWER)
                chosen = await answers.get_or_none(id=answer_id)
                if chosen is None:
                    raise NotFound("There is no such answer in this thread.")
            former = await models.Post.get_or_none(thread_id=thread.id, is_best=True)
            if former == chosen:
                return thread
            for answer, is_best in ((former, False), (chosen, True)):
                if answer is not None:
                    answer.is_best, answer.is_best_imported, answer.version = is_best, False, answer.version + 1
                    written = ("is_best", "is_best_imported", "version")
                    await answer.save(update_fields=written)
                    changed(answer, *written)
            happenings.tell(thread.id, ActivityKind.BEST_ANSWER_CHOSEN, chosen.id if chosen else None)
            if chosen is not None:
                await notifying.notify_of_choice(chosen, actor)
            if not wrote(actor, thread):
                await log.note(ModerationDeed.BEST_ANSWER_CHOSEN, actor, post=chosen or former)
    return await models.Thread.get(id=thread_id)
