"""Which media type an answer has: what the client accepts, of the two that GraphQL over HTTP knows; or events."""

from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
#: Server-sent events, for what has no end: see `transports.event_stream`.
EVENTS = "text/event-stream"

_OFFERED = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}


@lru_cache(maxsize=100)
def negotiated(accept: str | None) -> str | None:
    """The best of what `accept` (RFC 9110, section 12.5.1) lists, or None where it lists nothing we have.

    Without the header it is application/json, as the GraphQL over HTTP specification says of legacy clients.
    """
    if not accept:
        return JSON
    best_quality, best = 0.0, None
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value)
            elif name.strip() == "charset" and value.strip("\"' ") not in ("utf-8", "utf8"):
                quality = 0.0
        if media_type in _OFFERED and quality > best_quality:
            best_quality, best = quality, _OFFERED[media_type]
    return best


@lru_cache(maxsize=100)
def accepts_events(accept: str) -> bool:
    """Whether `accept` lists server-sent events by name."""
    return any(part.partition(";")[0].strip().lower() == EVENTS for part in accept.split(","))


@lru_cache(maxsize=100)
def is_utf8_json(content_type: str) -> bool:
    """Whether `content_type` is exactly application/json, in UTF-8 if it says so."""
    media_type, *parameters = (piece.strip() for piece in content_type.lower().split(";"))
    charsets = [parameter.partition("=")[2] for parameter in parameters if parameter.startswith("charset=")]
    return media_type == JSON and all(charset.strip("\"' ") in ("utf-8", "utf8") for charset in charsets)


def _quality(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
