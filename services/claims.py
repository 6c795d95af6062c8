"""Claims: how somebody without an account proves that a post is theirs.

A browser keeps a secret as a cookie, and posts keep its SHA-256 (`writer_key`). A claim token says which post it is
for, signed: it serves in the place of the cookie, on another device say. Whoever holds one is that post's writer.
"""

import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeSerializer

import models
from models import PostKind
from services import secret
from services.actors import Writer
from services.errors import Findings


def new_secret() -> str:
    """A secret for a browser to keep."""
    return secrets.token_urlsafe(32)


def writer_of(kept: str) -> Writer:
    """Whose secret this is."""
    return Writer(hashlib.sha256(kept.encode()).hexdigest())


def token_of(post: models.Post) -> str | None:
    """The claim token of a post; None for one of an account."""
    return None if post.writer_key is None else _serializer().dumps(post.id)


async def token_of_question(thread: models.Thread) -> str | None:
    """The claim token of what a thread asks; None for a question of an account."""
    if thread.writer_key is None:
        return None
    return token_of(await models.Post.get(thread_id=thread.id, kind=PostKind.QUESTION))


def claimed(token: str) -> int | None:
    """Which post a claim token is for; None where it is none of ours."""
    try:
        post_id = _serializer().loads(token)
    except BadSignature:
        return None
    return post_id if isinstance(post_id, int) else None


async def writer_by(token: str) -> Writer:
    """Who a claim token proves somebody to be. Raises InvalidInput."""
    post_id = claimed(token)
    post = await models.Post.get_or_none(id=post_id) if post_id is not None else None
    findings = Findings()
    if post is None:
        findings.add(
            "claimToken", message="This is not a claim token of this site: give the one that came with the post."
        )
    elif post.writer_key is None:
        findings.add("claimToken", message="This post belongs to an account: sign in to it.")
    findings.raise_if_any()
    assert post is not None and post.writer_key is not None  # noqa: S101, PT018  told above
    return Writer(post.writer_key)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(secret.key_for("claims"))
