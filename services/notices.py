"""Notices: who wants mail of replies to their post, where it goes, and how that ends.

The row is the subscription. An address that is given with a post is kept sealed, in that row and nowhere else; that of
an account is not copied, but looked up when a mail goes. With the row goes the address, and what was to be sent to it.
"""

from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

import models
from services import changes, clock, emails, sealing, secret
from services.actors import Actor, user
from services.errors import Findings


@dataclass(frozen=True)
class Wanted:
    """Where somebody wants mail of replies: at an address, or else with `me` at that of their account, if any."""

    email: str | None = None
    me: bool = True


#: Nobody is told.
NOBODY = Wanted(me=False)


#: Nobody is told.
NOBODY = Wanted(me=False)


def check(findings: Findings, wanted: Wanted, field: str = "notifyEmail") -> Wanted:
    """What is wanted, with its address as it is kept; notes a finding where that cannot be one."""
    if not wanted.email:
        return wanted
    return Wanted(emails.check_email(findings, field, wanted.email), wanted.me)


async def begin(post: models.Post, actor: Actor, wanted: Wanted) -> None:
    """Have the post's writer told of replies, as they want it. Call it inside the transaction of what they do."""
    account = user(actor)
    if wanted.email:
        given: dict[str, Any] = {
            "sealed_address": sealing.sealed(wanted.email),
            "address_key": sealing.address_key(wanted.email),
        }
    elif wanted.me and account is not None and account.email is not None:
        given = {"user_id": account.id}
    else:
        return
    changes.appeared(await models.ReplyNotice.create(post_id=post.id, created_at=clock.now(), **given))


async def is_as_wanted(post: models.Post, wanted: Wanted) -> bool:
    """Whether the post's notice is there, and goes where it is wanted."""
    notice = await models.ReplyNotice.get_or_none(post_id=post.id)
    return notice is not None and notice.address_key == (sealing.address_key(wanted.email) if wanted.email else None)


async def address_of(notice: models.ReplyNotice) -> str | None:
    """Where its mail goes; None where the account has no address."""
    if notice.sealed_address is not None:
        return sealing.opened(notice.sealed_address)
    return await account_address(notice.user_id)


async def account_address(user_id: int | None) -> str | None:
    """The address of an account, if it is there and has one."""
    account = await models.User.get_or_none(id=user_id)
    return account.email if account else None


async def key_of(notice: models.ReplyNotice) -> str | None:
    """What two notices have in common whose mail goes to one address."""
    if notice.address_key is not None:
        return notice.address_key
    address = await account_address(notice.user_id)
    return sealing.address_key(address) if address else None


def stop_token(notice_id: int) -> str:
    """What ends a notice, for whoever holds it: it stands in each of its mails."""
    return _serializer().dumps(notice_id)


def stopped_by(token: str) -> int | None:
    """Which notice a token ends; None where it is none of ours."""
    try:
        notice_id = _serializer().loads(token)
    except BadSignature:
        return None
    return notice_id if isinstance(notice_id, int) else None


async def end(**of: int) -> None:
    """End the notices with these values: the rows go, their addresses, and the mail that has not gone yet."""
    await models.ReplyNotice.filter(**of).delete()


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(secret.key_for("stop links"))
