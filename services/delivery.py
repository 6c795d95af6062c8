"""Delivery: sends what is in the outbox, until it is told to stop.

Who sends a mail takes a lease on it first, in a transaction of its own: its next try moves so far ahead that no other
process, and no other start of this one, tries meanwhile. The row goes when the mail server has taken the mail. Where a
process dies in between, the mail is sent again, with the same Message-ID: it may come twice, and is never lost.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

import models
from models import PostState
from models.database import transaction
from services import changes, clock, emails, notices
from services.changes import Change
from services.notifying import stop_link
from services.outbox import Letter
from settings import settings

log = structlog.get_logger()

#: The longest that sending one mail may take; the lease on it lasts longer.
MOST_SECONDS = 30
LEASE = timedelta(seconds=2 * MOST_SECONDS)
#: How long after the first failure it is tried again; twice as long after each further one, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
#: It is given up after so many tries, which take more than a day.
MOST_ATTEMPTS = 14
#: How often others' leases are looked for that have run out, in seconds.
LOOK_AGAIN = 60.0


@asynccontextmanager
async def delivering() -> AsyncIterator[None]:
    """Deliver mail while the block lasts, if the site sends any. A mail that is being sent at its end is sent."""
    server = settings().mail_server
    if server is None:
        yield
        return
    delivery = Delivery(server.get_secret_value(), settings().mail_from)
    running = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        delivery.stop()
        await running


class Delivery:
    """Sends what is due by way of a mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps://."""

    def __init__(self, server: str, sender: str) -> None:
        parts = urlsplit(server)
        self._sender = sender
        self._server = {
            "hostname": parts.hostname,
            "port": parts.port,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": parts.scheme == "smtps",
            # A password is told to nobody in clear; without one, TLS is used where it is offered.
            "start_tls": True if parts.username and parts.scheme == "smtp" else None,
        }
        self._woken = asyncio.Event()
        self._is_stopped = False

    def stop(self) -> None:
        """Have `run` end after the mail that is being sent."""
        self._is_stopped = True
        self._woken.set()

    async def run(self) -> None:
        """Send what is due, now, when something new is in the outbox, and when something is due again."""
        with changes.hearing(self._hear):
            while not self._is_stopped:
                self._woken.clear()
                pause = LOOK_AGAIN
                try:
                    while not self._is_stopped and await self.deliver_next():
                        pass
                    pause = await _seconds_to_next()
                except Exception as failure:  # the database does not answer, say
                    log.error("the outbox could not be read", error=type(failure).__name__)
                if not self._is_stopped:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), pause)

    def _hear(self, change: Change) -> None:
        if change.table == models.OutgoingMail._meta.db_table:
            self._woken.set()

    async def deliver_next(self) -> bool:
        """Try to send the mail that has been due for longest; whether there was any."""
        mail = await _leased()
        if mail is None:
            return False
        try:
            async with asyncio.timeout(MOST_SECONDS):
                message = await self._message(mail)
                if message is not None:
                    await aiosmtplib.send(message, timeout=MOST_SECONDS / 4, **self._server)  # type: ignore[arg-type]
        except Exception as failure:
            await _put_off(mail, failure)
        else:
            await mail.delete()
        return True

    async def _message(self, mail: models.OutgoingMail) -> EmailMessage | None:
        """The mail as it goes out; None where nobody is to be told any more."""
        letter = Letter.of(mail)
        if letter.post_id is not None and not await _is_seen(letter.post_id):
            return None
        if mail.notice_id is None:
            address = await notices.account_address(letter.user_id)
        else:
            notice = await models.ReplyNotice.get_or_none(id=mail.notice_id)
            address = await notices.address_of(notice) if notice else None
        if address is None:
            return None
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = emails.for_mail(address)
        # Whatever stands in a title: it is one line.
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = mail.message_id
        message["Auto-Submitted"] = "auto-generated"  # nobody's absence is to be told of (RFC 3834)
        if mail.notice_id is not None:
            # One click in the reader's mail program ends it (RFC 8058).
            message["List-Unsubscribe"] = f"<{stop_link(notices.stop_token(mail.notice_id))}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(letter.text)
        return message


async def _is_seen(post_id: int) -> bool:
    return await models.Post.exists(id=post_id, state=PostState.VISIBLE, is_buried=False)


async def _leased() -> models.OutgoingMail | None:
    """The mail that has been due for longest, with a lease on it; None where none is due."""
    now = clock.now()
    due = models.OutgoingMail.filter(failed_at=None, due_at__lte=now).order_by("due_at", "id")
    if not await due.exists():  # without a transaction, which on SQLite nobody else could write in
        return None
    async with transaction():
        mail = await due.select_for_update(skip_locked=True, no_key=True).first()
        if mail is not None:
            mail.attempts += 1
            mail.due_at = now + LEASE
            await mail.save(update_fields=["attempts", "due_at"])
    return mail


async def _put_off(mail: models.OutgoingMail, failure: Exception) -> None:
    """Have a mail that could not be sent tried later, or give it up: then what it says goes, too."""
    code = f" {failure.code}" if isinstance(failure, aiosmtplib.SMTPResponseException) else ""
    trouble = f"{type(failure).__name__}{code}"  # and no more: what servers say of it names the address
    now = clock.now()
    written: dict[str, object] = {"trouble": trouble}
    if mail.attempts < MOST_ATTEMPTS:
        longest = min(FIRST_PAUSE * 2 ** (mail.attempts - 1), LONGEST_PAUSE)
        written["due_at"] = now + longest * random.uniform(0.5, 1)  # noqa: S311  so that not all come at once
    else:
        written |= {"failed_at": now, "sealed": ""}
    await models.OutgoingMail.filter(id=mail.id).update(**written)
    log.warning("a mail was not sent", trouble=trouble, attempts=mail.attempts, given_up="failed_at" in written)


async def _seconds_to_next() -> float:
    """When something is due again, in seconds from now."""
    next_one = await models.OutgoingMail.filter(failed_at=None).order_by("due_at", "id").first()
    if next_one is None:
        return LOOK_AGAIN
    return min(max((next_one.due_at - clock.now()).total_seconds(), 0.1), LOOK_AGAIN)
