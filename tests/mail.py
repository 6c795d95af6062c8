"""Mail in the tests: a site that sends it, and what is due sent at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from post_office import PostOffice
from pydantic import SecretStr

import models
from services import clock
from services.delivery import Delivery
from settings import settings

SITE = "https://forum.example"


@contextmanager
def sending(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """A site that sends mail by way of this post office, while the block lasts; the process delivers none by itself."""
    with PostOffice().open() as office:
        monkeypatch.setattr(settings(), "mail_server", SecretStr(office.url))
        monkeypatch.setattr(settings(), "public_url", SITE)
        yield office


async def deliver(office: PostOffice) -> int:
    """Try to send all that is due; how many were tried."""
    delivery, tried = Delivery(office.url, "forum@forum.example"), 0
    while await delivery.deliver_next():
        tried += 1
    return tried


async def time_passes() -> None:
    """All that waits is due now."""
    await models.OutgoingMail.filter(failed_at=None).update(due_at=clock.now())
