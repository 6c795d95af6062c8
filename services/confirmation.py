"""Confirming that an address is its user's: the mail that asks, and what the link in it proves."""

from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

import models
from services import outbox, sealing, secret
from services.errors import Findings
from services.outbox import Letter
from settings import settings

#: How long the link in the mail is good.
LIFE = timedelta(days=3)


async def ask(user: models.User) -> None:
    """Write to a user to confirm their address, if the site sends mail. Call it inside the transaction."""
    if not outbox.sends_mail() or user.email is None:
        return
    token = _serializer().dumps([user.id, sealing.address_key(user.email)])
    await outbox.put(Letter("Confirm your e-mail address", _text(user.name, token), user_id=user.id))


async def confirmed_by(token: str) -> models.User:
    """Whose address a token confirms, locked. Raises InvalidInput where it is none of ours, old, or of another."""
    try:
        user_id, key = _serializer().loads(token, max_age=int(LIFE.total_seconds()))
        user = await models.User.filter(id=user_id).select_for_update(no_key=True).first()
    except BadData:
        user = None
    if user is None or user.email is None or sealing.address_key(user.email) != key:
        findings = Findings()
        findings.add("token", message="This link is not good, or no more: have a new one sent.")
        findings.raise_if_any()
    assert user is not None  # noqa: S101  told above
    return user


def _text(name: str, token: str) -> str:
    return f"""Somebody, you we hope, made the account {name} with this address. To confirm that it is yours, open:

{settings().public_url}/confirm/{token}

The link is good for {LIFE.days} days. If it was not you, do nothing: the address stays unconfirmed.
"""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret.key_for("confirming addresses"))
