"""Accounts: signing up, in and out, and whose session a token is."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

import models
from models import PointsReason, UserLevel, replicas
from models.database import after_commit, dialect, transaction, worded
from models.raw import columns, instance
from models.reading import Reading
from services import actors, changes, clock, confirmation, finding, live, outbox, passwords, points, quotas
from services.actors import Actor
from services.emails import MOST_FOLDED, check_email
from services.errors import Conflict, Findings, NotPermitted, RefusalReason
from services.points import Payment
from services.policy import Limited, Measured
from services.text import check_length, folded, look, searchable
from services.together import Together

SESSION_LIFE = timedelta(days=30)
_NOT_IN_NAMES = set("@+/")


# Every request of who is signed in asks this, so it does without the half millisecond that building SQL takes.
_USER_OF_SESSION = f"""
    SELECT {columns(models.User, "users")} FROM session JOIN users ON users.id = session.user_id
    WHERE session.token_hash = $1 AND session.expires_at > $2
"""
_USERS_OF_SESSIONS = f"""
    SELECT {columns(models.User, "users")}, session.expires_at, session.token_hash
    FROM session JOIN users ON users.id = session.user_id WHERE session.token_hash = ANY($1)
"""
_USERS_AND_POSITIONS = f"""
    SELECT {columns(models.User, "users")}, coalesce(read_position.position, 0), session.expires_at, session.token_hash
    FROM session JOIN users ON users.id = session.user_id LEFT JOIN read_position ON read_position.user_id = users.id
    WHERE session.token_hash = ANY($1)
"""


async def sign_up(name: str, email: str, password: str, *, is_real: bool = True) -> tuple[models.User, str]:
    """Make an account and sign it in; returns the user and the session's token.

    Unless nobody real stands behind it, a mail asks them to confirm their address, where the site sends mail.

    Raises InvalidInput, RateLimited, and Conflict where the name (or one that looks like it) or the address is taken.
    """
    findings = Findings()
    name = check_name(findings, name)
    email = check_email(findings, "email", email)
    _check_password(findings, password)
    findings.raise_if_any()
    tried = quotas.spend(Limited.SIGN_INS, None)  # it tells whether there is an account, as a sign-in does
    spent = quotas.spend(Limited.SIGN_UPS, None)
    password_hash = await passwords.hashed(password)
    try:
        async with transaction():
            user = await _make_user(name, email, password_hash)
            if is_real:
                await confirmation.ask(user)
            token = await _open_session(user)
    except IntegrityError as error:
        spent.give_back()
        if await models.User.exists(email_folded=folded(email)):
            raise Conflict("There is an account with this e-mail address already: sign in instead.") from error
        raise Conflict(f"The name {name} is taken, or looks like one that is. Choose another.") from error
    tried.give_back()
    return user, token


async def sign_in(login: str, password: str) -> tuple[models.User, str]:
    """Open a session for the account whose name or e-mail address is `login`; returns the user and the token.

    Raises NotPermitted: one answer, equal in time, whether there is no such account or the password is wrong; and
    RateLimited, after so many tries of either outcome.
    """
    quotas.spend(Limited.SIGN_INS, None)
    tried = quotas.spend_on(folded(login[:MOST_FOLDED]))
    # No name contains an @.
    by_email = Q(email_folded=searchable(login, MOST_FOLDED, folded))
    user = await models.User.get_or_none(by_email if "@" in login else finding.user_named(login))
    if not await passwords.is_right(password, user.password_hash if user else None) or user is None:
        raise NotPermitted(RefusalReason.SIGN_IN, "There is no account with this name and password.")
    tried.give_back()
    return user, await _open_session(user)


async def confirm_email(token: str) -> models.User:
    """Note that the address is its user's, which the token in a mail to it proves; again, it changes nothing.

    Raises InvalidInput.
    """
    async with transaction():
        user = await confirmation.confirmed_by(token)
        if user.email_confirmed_at is None:
            user.email_confirmed_at = clock.now()
            await user.save(update_fields=["email_confirmed_at"])
            changes.changed(user, "email_confirmed_at")
    return user


async def resend_confirmation(actor: Actor) -> models.User:
    """Send the mail that asks to confirm an address once more. Raises NotPermitted and RateLimited."""
    if (account := actors.user(actor)) is None:
        raise NotPermitted(RefusalReason.SIGN_IN, "Sign in to have your address confirmed.")
    if not outbox.sends_mail() or account.email is None:
        raise NotPermitted(RefusalReason.DISABLED, "This site sends no mail, and takes your address as it is.")
    if account.email_confirmed_at is not None:
        raise NotPermitted(RefusalReason.ALREADY_DONE, "Your address is confirmed already.")
    with quotas.spending(Limited.SIGN_UPS, actor):
        async with transaction():
            await confirmation.ask(account)
    return account


async def sign_out(token: str | None) -> bool:
    """End the session of `token`; whether there was one."""
    account = await user_of(token) if token is not None else None
    if token is None or not await models.Session.filter(token_hash=_hash(token)).delete():
        return False
    if account is not None:
        live.publish(live.rights_topic(account.id))
    return True


async def user_of(token: str) -> models.User | None:
    """Whose session `token` is, or None where it is nobody's or has run out."""
    if dialect() == "postgres":
        return await _users.do((_hash(token), clock.now()))
    found = await Reading()(worded(_USER_OF_SESSION, "sqlite"), [_hash(token), clock.now()])
    return instance(models.User, found[0]) if found else None


async def _users_of(asked: Sequence[tuple[str, datetime]]) -> list[models.User | None]:
    """Whose sessions those of these tokens are, at these moments."""
    has_positions = replicas.current() is not None
    sql, of_user = (_USERS_AND_POSITIONS, slice(-3)) if has_positions else (_USERS_OF_SESSIONS, slice(-2))
    found = {row[-1]: row for row in await Reading()(sql, [[token_hash for token_hash, _ in asked]])}
    users = []
    for token_hash, at in asked:
        row = found.get(token_hash)
        user = instance(models.User, row[of_user]) if row is not None and row[-2] > at else None
        if user is not None and row is not None and has_positions:
            user.wrote_until = row[-3]
        users.append(user)
    return users


# Requests that arrive while a statement is under way share the next one: their sessions are read after they came.
_users: Together[tuple[str, datetime], models.User | None] = Together(_users_of)


async def set_password(user: models.User, password: str) -> None:
    """Give `user` a new password and end all of their sessions. Raises InvalidInput."""
    findings = Findings()
    _check_password(findings, password)
    findings.raise_if_any()
    user.password_hash = await passwords.hashed(password)
    async with transaction():
        await user.save(update_fields=["password_hash"])
        await models.Session.filter(user_id=user.id).delete()
        after_commit(partial(live.publish, live.rights_topic(user.id)))


async def set_level(user: models.User, level: UserLevel) -> None:
    """Trust `user` so far."""
    user.level = level
    async with transaction():
        await user.save(update_fields=["level"])
        changes.changed(user, "level")
        after_commit(partial(live.publish, live.rights_topic(user.id)))


def check_name(findings: Findings, name: str) -> str:
    """`name` as it is kept; notes a finding where it cannot be one."""
    name = check_length(findings, "name", name, Measured.USER_NAME, lines=False)
    if found := _NOT_IN_NAMES & set(name):
        findings.add("name", message=f"Leave out {' and '.join(sorted(found))}: names cannot contain it.")
    elif name and (not look(name).strip(". ") or not name.isprintable()):
        findings.add("name", message="Use letters or digits that can be seen.")
    elif max(len(look(name)), len(folded(name))) > MOST_FOLDED:
        findings.add("name", message="Use fewer signs that stand for whole words.")
    return " ".join(name.split())


def _check_password(findings: Findings, password: str) -> None:
    check_length(findings, "password", password, Measured.PASSWORD)


async def _make_user(name: str, email: str, password_hash: str) -> models.User:
    rules = await points.rules_in_force()
    user = await models.User.create(
        name=name,
        name_folded=folded(name),
        name_key=look(name),
        email=email,
        email_folded=folded(email),
        password_hash=password_hash,
        created_at=clock.now(),
    )
    changes.appeared(user)
    await points.pay([Payment(user.id, rules.joined, PointsReason.JOINED)], rules)
    await user.refresh_from_db(["points"])
    return user


async def _open_session(user: models.User) -> str:
    token = secrets.token_urlsafe(32)
    now = clock.now()
    await models.Session.filter(user_id=user.id, expires_at__lte=now).delete()
    await models.Session.create(token_hash=_hash(token), user=user, created_at=now, expires_at=now + SESSION_LIFE)
    return token


def _hash(token: str) -> str:
    # A random token needs no salt and no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()
