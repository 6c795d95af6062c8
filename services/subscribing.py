"""Subscribing: whether, and where, the writer of a post is told of replies to it."""

import models
from models.database import transaction
from services import notices
from services.actors import Actor, user
from services.errors import Findings, NotFound
from services.notices import Wanted
from services.permissions import PostFacts, notice_refusal
from services.visibility import visible_posts


async def set_reply_notice(actor: Actor, post_id: int, notify: bool, email: str | None) -> models.Post:
    """Have the writer of a post told of replies, at `email` or else at their account's address; or tell them no more.

    The same again changes nothing; another address takes the place of the one before. Raises NotFound, NotPermitted,
    and InvalidInput where there is no address, or none that is one.
    """
    findings = Findings()
    wanted = notices.check(findings, Wanted(email if notify else None), "email")
    account = user(actor)
    if notify and not email and (account is None or account.email is None):
        findings.add("email", message="Give the address to tell.")
    async with transaction():
        post = await visible_posts(actor).select_for_update(no_key=True).get_or_none(id=post_id)
        if post is None:
            raise NotFound("There is no such post.")
        thread = await models.Thread.get(id=post.thread_id)
        if refusal := notice_refusal(actor, PostFacts.of(post, thread)):
            raise refusal
        findings.raise_if_any()
        if notify and await notices.is_as_wanted(post, wanted):
            return post
        await notices.end(post_id=post.id)
        if notify:
            await notices.begin(post, actor, wanted)
    return post
