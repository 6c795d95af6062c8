"""Trusted documents: what the site's own clients send, as their builds list it in manifests (TRUSTED_DOCUMENTS).

    graphql-codegen (client preset, `persistedDocuments`), relay-compiler (`persistConfig`)
        {"ID": "DOCUMENT", ...}
    generate-persisted-query-manifest (Apollo)
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "ID", "body": "DOCUMENT"}]}

Whatever a tool takes for the id counts, and so does the SHA-256 of the document.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from settings import settings

#: What stands before an id that is the SHA-256 of its document (GraphQL over HTTP, appendix on persisted documents).
SHA256 = "sha256:"
_APOLLO = "apollo-persisted-query-manifest"


class NotAManifest(Exception):
    """A file that none of the tools has written; the message names it."""


@dataclass(frozen=True)
class Manifest:
    """Documents by their ids; an id that begins with `sha256:` stands without it."""

    by_id: dict[str, str]

    @property
    def texts(self) -> set[str]:
        """The documents."""
        return set(self.by_id.values())

    def has(self, text: str) -> bool:
        """Whether that very document is trusted."""
        return bool(self.by_id) and hash_of(text) in self.by_id


@cache
def trusted() -> Manifest:
    """What the manifests that the settings name hold. Raises NotAManifest and OSError."""
    by_id = {}
    for path in settings().trusted_documents:
        for name, text in _entries(path):
            by_id[name.removeprefix(SHA256)] = by_id[hash_of(text)] = text
    return Manifest(by_id)


def hash_of(text: str) -> str:
    """The SHA-256 of a document, as clients send it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    try:
        manifest = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise NotAManifest(f"{path} is not JSON: {error}.") from error
    entries = list(_listed(manifest))
    if not all(isinstance(each, str) for entry in entries for each in entry):
        raise NotAManifest(
            f'{path} is no manifest: it is either {{"ID": "DOCUMENT", ...}}, or Apollo\'s '
            f'{{"format": "{_APOLLO}", "version": 1, "operations": [{{"id": "ID", "body": "DOCUMENT"}}]}}.'
        )
    yield from entries


def _listed(manifest: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(manifest, dict):
        yield None, None
    elif manifest.get("format") != _APOLLO:
        yield from manifest.items()
    elif manifest.get("version") != 1 or not isinstance(manifest.get("operations"), list):
        yield None, None
    else:
        for each in manifest["operations"]:
            yield (each.get("id"), each.get("body")) if isinstance(each, dict) else (None, None)
