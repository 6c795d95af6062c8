"""A script of SQLite's taken apart into its statements."""

import sqlite3
from collections.abc import Iterator


def statements_of(script: str) -> Iterator[str]:
    """The statements of a script one by one: a semicolon in a trigger, a text or a comment ends none."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement.strip()
            statement = ""
    if statement.strip(" \n;"):
        yield statement.strip()
