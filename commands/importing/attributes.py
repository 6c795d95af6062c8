"""What the attributes of a dump's rows mean: numbers, times, names, addresses and tags, whatever stands there."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from services.text import clean, look

#: The room for a name, as for everybody's (`models.User.name`), in characters.
NAME_LENGTH = 80
#: The room for a title (`models.Thread.title`).
TITLE_LENGTH = 800
_ADDRESS_LENGTH = 400
_TAG_LENGTH = 80

#: Stands where a row has no time that can be read: everybody sees that this is none.
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

# Ids beyond this are damage. The sum of two is still a number that GraphQL's Int can hold, as threads' numbers must.
_HIGHEST_ID = 2**30 - 1
_HIGHEST_COUNT = 2**31 - 1


def identity(text: str | None) -> int | None:
    """The Id of a row, or None where there is none that can be used."""
    try:
        value = int(text or "")
    except ValueError:
        return None
    return value if abs(value) <= _HIGHEST_ID else None


def number(staged: object) -> int | None:
    """A count or a score, None where it is missing or no whole number; what no column could hold is brought in."""
    return max(-_HIGHEST_COUNT, min(_HIGHEST_COUNT, staged)) if isinstance(staged, int) else None


def time(*texts: str | None) -> datetime:
    """The first of these that is a time, which is UTC in every dump; NO_TIME where none is."""
    return maybe_time(*texts) or NO_TIME


def maybe_time(*texts: str | None) -> datetime | None:
    """The first of these that is a time, if any is."""
    for text in texts:
        try:
            found = datetime.fromisoformat(text or "")
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def line(text: str | None, length: int) -> str:
    """A text on one line without what cannot be seen, cut to so many characters."""
    seen = "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in text or "")
    return clean(" ".join(seen.split()))[:length].strip()


def name(text: str | None) -> str | None:
    """A display name, or None where nothing of it can be seen."""
    seen = line(text, NAME_LENGTH)
    return seen if look(seen).strip() else None


def web_address(text: str | None) -> str | None:
    """An address that may be linked: http or https, and no longer than there is room for."""
    address = (text or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    is_usable = parts.scheme in ("http", "https") and parts.netloc and address.isprintable() and " " not in address
    return address if is_usable and len(address) <= _ADDRESS_LENGTH else None


def tags(text: str | None) -> list[str]:
    """The names of `<a><b>`, as dumps had them until 2023, or `|a|b|`, as they have them since; each once."""
    names = (clean(tag).lower()[:_TAG_LENGTH] for tag in re.split(r"[<>|\s]+", text or ""))
    return list(dict.fromkeys(tag for tag in names if tag))
