"""Sealing: what must not be readable where it is kept, addresses above all, and how two of those are compared.

Encrypted with Fernet (AES-128-CBC and HMAC-SHA256), with a key that is not in the database: a copy of the data alone,
a backup say, tells nobody's address.
"""

import base64
import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet

from services import secret
from services.text import folded


def sealed(text: str) -> str:
    """`text`, encrypted: differently each time."""
    return _cipher().encrypt(text.encode()).decode()


def opened(sealed: str) -> str:
    """The text that was sealed. Raises cryptography's InvalidToken where the site's secret is another one since."""
    return _cipher().decrypt(sealed.encode()).decode()


def address_key(address: str) -> str:
    """What two addresses have in common that are one: 64 digits, which tell nothing without the site's secret."""
    return hmac.digest(secret.key_for("comparing addresses"), folded(address).encode(), hashlib.sha256).hex()


@cache
def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(secret.key_for("addresses")))
