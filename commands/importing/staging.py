"""The dump's rows on the disk: sorted, joined and counted there, so that memory stays the same for any dump."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

Row = sqlite3.Row

#: What is kept of each file: its attributes, under the names that they have there.
COLUMNS = {
    "Users": "Reputation INT, CreationDate, DisplayName, WebsiteUrl, Location, AboutMe, ProfileImageUrl",
    "Tags": "TagName, ExcerptPostId INT, WikiPostId INT",
    "Votes": "PostId INT, VoteTypeId INT",
    "PostHistory": "PostHistoryTypeId INT, PostId INT, RevisionGUID, CreationDate, UserId INT, Comment, Text",
    "PostLinks": "PostId INT, RelatedPostId INT, LinkTypeId INT",
    "Posts": "PostTypeId INT, ParentId INT, AcceptedAnswerId INT, CreationDate, Score INT, ViewCount INT, "
    "OwnerUserId INT, OwnerDisplayName, LastEditorUserId INT, LastEditDate, LastActivityDate, ClosedDate, "
    "Title, Tags, Body",
    "Comments": "PostId INT, Score INT, CreationDate, UserId INT, UserDisplayName, Text",
}
#: What becomes of the dump's rows: for each of these there is a table Local<Kind>.
KINDS = ("User", "Tag", "Thread", "Post", "Comment", "Duplicate")

#: What makes the rows ready for questions when all are there.
COMPLETION = (
    "CREATE INDEX AnswersOfQuestion ON Posts (ParentId, Id) WHERE PostTypeId = 2",
    "CREATE INDEX CommentsOfPost ON Comments (PostId, Id)",
    "CREATE INDEX HistoryOfPost ON PostHistory (PostId, Id)",
    "CREATE INDEX LinksOfPost ON PostLinks (PostId, Id)",
    "CREATE TABLE VoteCount (PostId INTEGER PRIMARY KEY, Up INT, Down INT)",
    """INSERT INTO VoteCount
    SELECT PostId, SUM(VoteTypeId = 2), SUM(VoteTypeId = 3) FROM Votes
    WHERE VoteTypeId IN (2, 3) AND typeof(PostId) = 'integer' GROUP BY PostId""",
)


class Staging:
    """A temporary database with a table for each file of a dump.

    Beside them, `Local<Kind>` says which rows of the dump are ours already: `Id` there is `LocalId` here, or null if
    it was here and is gone. Open it with `with`; it takes about as much room in the temporary folder as the dump.
    """

    def __init__(self) -> None:
        # The empty name is SQLite's for a file that nobody else sees, and that no crash leaves behind.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.row_factory = Row
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32768"):
            self._database.execute(f"PRAGMA {pragma}")
        for table, columns in COLUMNS.items():
            self._database.execute(f"CREATE TABLE {table} (Id INTEGER PRIMARY KEY, {columns})")
        for kind in KINDS:
            self._database.execute(f"CREATE TABLE Local{kind} (Id INTEGER PRIMARY KEY, LocalId INT)")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Put rows into the table of their file; how many there were not there yet, by their Id."""
        names = ["Id", *(column.split()[0] for column in COLUMNS[table].split(", "))]
        before = self._database.total_changes
        self._database.execute("BEGIN")
        self._database.executemany(
            f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(names))})",  # noqa: S608
            ([row.get(name) for name in names] for row in rows),
        )
        self._database.execute("COMMIT")
        return self._database.total_changes - before

    def complete(self, step: str) -> None:
        """Do one of the steps of COMPLETION."""
        self._database.execute(step)

    def remember(self, kind: str, local_ids: Mapping[int, int | None]) -> None:
        """Note which rows of ours rows of the dump have become."""
        self._database.execute("BEGIN")
        self._database.executemany(f"INSERT INTO Local{kind} VALUES (?, ?)", local_ids.items())  # noqa: S608
        self._database.execute("COMMIT")

    def local(self, kind: str, external_id: int | None) -> int | None:
        """The id here of a row of the dump, if it is here."""
        found = self.rows(f"SELECT LocalId FROM Local{kind} WHERE Id = ?", external_id)  # noqa: S608
        return found[0]["LocalId"] if found else None

    def rows(self, query: str, *values: object) -> list[Row]:
        """All rows of a query that gives few."""
        return self._database.execute(query, values).fetchall()

    def chunks(self, query: str, size: int) -> Iterator[list[Row]]:
        """The rows of a query that may give very many, so many at a time."""
        cursor = self._database.execute(query)
        while rows := cursor.fetchmany(size):
            yield rows

    def count(self, query: str, *values: object) -> int:
        """The number that a query gives."""
        return int(self._database.execute(query, values).fetchone()[0] or 0)
