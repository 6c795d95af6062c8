"""The site's secret, and the keys that are made of it: one for each use, so that none tells of another."""

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from settings import settings


def key_for(use: str, *, day: str = "") -> bytes:
    """The key for one use, of 32 bytes; for one that changes daily, that of the `day`."""
    return hmac.digest(_secret(), f"plainspoken {use} {day}".encode(), hashlib.sha256)


@cache
def _secret() -> bytes:
    """What the setting says, or else what a file beside the data holds; it is made at the first use."""
    if (given := settings().secret_key) is not None:
        return given.get_secret_value().encode()
    return read_or_made(settings().secret_file)


def read_or_made(file: Path) -> bytes:
    """The secret in a file that only we may read. Of two processes that make it at once, one does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    if not file.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            written.write(secrets.token_urlsafe(48))
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(fresh, file)  # which fails where another was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_bytes().strip()
