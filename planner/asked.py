"""Which document a request means: the one that it brings, or one that is known by an id or a hash.

    query                                        the document itself
    documentId                                   the id of a trusted document; or a SHA-256, with `sha256:` or without
    extensions.persistedQuery.sha256Hash          the same; with `query`, the document is remembered under its hash

The last is Apollo's protocol of automatic persisted queries: who is told PersistedQueryNotFound sends the hash once
more, with the document. A document counts for what it is, whichever way it came: `planner.trusted` says whether it is
trusted, and DOCUMENTS_POLICY what becomes of others.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import GraphQLError

from planner.kept import Kept
from planner.trusted import SHA256, hash_of, trusted
from settings import settings

#: Characters of all documents that are remembered by their hash.
MOST_TEXT = 2_000_000


class Asked(NamedTuple):
    """What a request says of its document."""

    query: str | None = None
    document_id: str | None = None
    extensions: Mapping[str, Any] | None = None


class Remembered:
    """The documents that clients have had remembered, by their hash: those asked for most recently."""

    def __init__(self) -> None:
        self._texts: Kept[str, str] = Kept(MOST_TEXT)

    def text(self, asked: Asked) -> str:
        """The document that is meant. Raises GraphQLError, whose code a client can act on."""
        is_open = settings().documents_policy != "only"
        if is_open and asked.query is not None and asked.document_id is None and asked.extensions is None:
            return asked.query  # as nearly all do
        name = _name(asked)
        text = None if name is None else trusted().by_id.get(name)
        if asked.query is not None:
            if name is not None and name != hash_of(asked.query) and text != asked.query:
                raise refused("PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query")
            text = asked.query
        elif name is None:
            raise refused("NO_DOCUMENT", "There is no query in the request.")
        elif text is None:
            text = self._texts.get(name)
        if not is_open and (text is None or not trusted().has(text)):
            raise refused(
                "DOCUMENT_NOT_TRUSTED",
                "This site answers the documents of its own clients, and no others: name one by its documentId.",
            )
        if text is None:
            raise refused("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return text

    def remember(self, asked: Asked) -> None:
        """Keep the document of a request under the hash that it came with, if it came with one."""
        if asked.query is not None and asked.extensions and "persistedQuery" in asked.extensions:
            self._texts.put(hash_of(asked.query), asked.query, 200 + len(asked.query))

    def __len__(self) -> int:
        return len(self._texts)


def refused(code: str, message: str, **more: Any) -> GraphQLError:
    """What a client is told whose document is not answered."""
    return GraphQLError(message, extensions={"code": code, **more})


def _name(asked: Asked) -> str | None:
    """The id or hash by which a request names its document, if it does."""
    persisted = asked.extensions.get("persistedQuery") if asked.extensions else None
    if persisted is None:
        return asked.document_id.removeprefix(SHA256) if asked.document_id else None
    if not isinstance(persisted, dict) or type(persisted.get("version")) is not int or persisted["version"] != 1:
        raise refused("PERSISTED_QUERY_NOT_SUPPORTED", 'extensions.persistedQuery must have "version": 1.')
    name = persisted.get("sha256Hash")
    if not isinstance(name, str):
        raise refused("BAD_REQUEST", 'extensions.persistedQuery must have "sha256Hash": the SHA-256 of the document.')
    return name.removeprefix(SHA256)
