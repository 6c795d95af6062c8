"""A mail server for the tests: a real one, on a port of its own, that takes mail or does as it is told."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from command_line import free_port


@dataclass
class PostOffice:
    """What came in, and what is answered to what comes: taken, unless a reply says otherwise."""

    port: int = field(default_factory=free_port)
    #: Replies to the next mails, as SMTP has them; "close" hangs up instead.
    replies: list[str] = field(default_factory=list)
    #: To whom, and what.
    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    #: How many were tried.
    tries: int = 0

    @property
    def url(self) -> str:
        """The setting MAIL_SERVER."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        """Who got mail, in order."""
        return [address for address, _ in self.received]

    @contextmanager
    def open(self) -> Iterator["PostOffice"]:
        """Take mail while the block lasts."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.tries += 1
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply == "close":
            server.transport.abort()
        elif reply.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            [recipient] = envelope.rcpt_tos
            self.received.append((recipient, message))
        return reply
