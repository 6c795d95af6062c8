"""Dumps for tests: rows given as dictionaries, written as the XML files they come in."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

#: A whole dump with everything in it that a dump should not have, or not like that.
ODDITIES = Path(__file__).with_name("oddities")

Row = dict[str, Any]


def written(folder: Path, **tables: list[Row]) -> Path:
    """A folder with a file for each table; a user and their question are there even if nobody asked for them."""
    folder.mkdir(parents=True, exist_ok=True)
    tables.setdefault("Users", [user(1)])
    tables.setdefault("Posts", [question(1)])
    for table, rows in tables.items():
        (folder / f"{table}.xml").write_text(xml(table, rows), encoding="utf-8", newline="\n")
    return folder


def xml(table: str, rows: list[Row]) -> str:
    """The text of one file: a line for each row, from the third on."""
    lines = [f"  <row {' '.join(f'{name}={quoteattr(str(value))}' for name, value in row.items())} />" for row in rows]
    return "\n".join(
        ['<?xml version="1.0" encoding="utf-8"?>', f"<{table.lower()}>", *lines, f"</{table.lower()}>", ""]
    )


def user(number: int, **more: Any) -> Row:
    """A user; `more` adds attributes and changes them."""
    name = f"person {number}"
    return {"Id": number, "Reputation": 1, "CreationDate": "2011-01-01T00:00:00.000", "DisplayName": name} | more


def question(number: int, **more: Any) -> Row:
    """A question that user 1 asked."""
    return _post(number, PostTypeId=1, Title=f"Question number {number}", Tags="<tag>", ViewCount=0) | more


def answer(number: int, to: int, **more: Any) -> Row:
    """An answer that user 1 gave."""
    return _post(number, PostTypeId=2, ParentId=to) | more


def comment(number: int, on: int, **more: Any) -> Row:
    """A comment that user 1 made."""
    made = {"Id": number, "PostId": on, "Score": 0, "Text": f"comment {number}", "UserId": 1}
    return made | {"CreationDate": "2012-01-03T00:00:00.000"} | more


def event(number: int, on: int, kind: int, action: str, **more: Any) -> Row:
    """A row of a post's history; rows of the same `action` happened at once."""
    row = {"Id": number, "PostHistoryTypeId": kind, "PostId": on, "RevisionGUID": action, "UserId": 1}
    return row | {"CreationDate": "2012-01-04T00:00:00.000"} | more


def _post(number: int, **more: Any) -> Row:
    # Each at a time of its own, so that two sites with other numbers are not taken for one.
    at = f"2012-01-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000"
    row = {"Id": number, "CreationDate": at, "LastActivityDate": at, "Score": 0, "OwnerUserId": 1}
    return row | {"Body": f"<p>Body of {number}.</p>"} | more
