"""The outbox: mail that a deed wants sent, written in the deed's transaction. `services.delivery` sends it.

What a mail says is sealed, and who it is for is not in it: its notice knows, or the account.
"""

from dataclasses import asdict, dataclass
from email.utils import make_msgid
from urllib.parse import urlsplit

import orjson

import models
from services import changes, clock, sealing
from settings import settings


@dataclass(frozen=True)
class Letter:
    """What a mail says, in plain text."""

    subject: str
    text: str
    #: The account that it is for; None where it is for who gets the notice's mail.
    user_id: int | None = None
    #: The post that it tells of: hidden meanwhile, it is not told of.
    post_id: int | None = None

    @classmethod
    def of(cls, mail: models.OutgoingMail) -> "Letter":
        """What that mail says. Raises cryptography's InvalidToken where the site's secret is another one since."""
        return cls(**orjson.loads(sealing.opened(mail.sealed)))


def sends_mail() -> bool:
    """Whether this site sends mail at all."""
    return settings().mail_server is not None


async def put(letter: Letter, notice: models.ReplyNotice | None = None) -> None:
    """Have a letter sent after the commit. Call it inside the transaction."""
    now = clock.now()
    mail = await models.OutgoingMail.create(
        notice_id=notice.id if notice else None,
        message_id=make_msgid(domain=urlsplit(settings().public_url).hostname or "localhost"),
        sealed=sealing.sealed(orjson.dumps(asdict(letter)).decode()),
        created_at=now,
        due_at=now,
    )
    changes.appeared(mail)
