"""`qa import stackexchange`: a Stack Exchange dump, from its files to people, threads and comments."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from commands.importing.answers import NEW_ANSWERS, import_answers
from commands.importing.bars import Bars
from commands.importing.comments import NEW_COMMENTS, import_comments
from commands.importing.dump import DumpError, opened
from commands.importing.duplicates import SUSPECTS, import_duplicates
from commands.importing.fates import count_present, count_rest
from commands.importing.numbers import reserve
from commands.importing.questions import NEW_QUESTIONS, import_questions
from commands.importing.reading import read
from commands.importing.report import Report
from commands.importing.site import Site
from commands.importing.source import recall, source_of
from commands.importing.staging import Staging
from commands.importing.tags import NEW_TAGS, import_tags
from commands.importing.users import NEW_USERS, import_users
from commands.running import console, fail, with_database
from services.points import rules_in_force

#: What is done after reading, in this order: what it is called, which staged rows it may be about, and how.
_STEPS = (
    ("users", NEW_USERS, import_users),
    ("tags", NEW_TAGS, import_tags),
    ("questions", f"FROM Posts {NEW_QUESTIONS}", import_questions),
    ("answers", f"FROM Posts {NEW_ANSWERS}", import_answers),
    ("comments", f"FROM Comments {NEW_COMMENTS}", import_comments),
    ("duplicates", SUSPECTS, import_duplicates),
)


@with_database
async def stackexchange(
    path: Annotated[
        Path,
        typer.Argument(help="The folder of XML files, or the .7z or .zip they come in (or a folder of one per table)."),
    ],
) -> None:
    """Import a Stack Exchange dump: people, questions, answers, comments, tags.

    Example: qa import stackexchange bicycles.stackexchange.com.7z

    Questions keep their numbers where those are free. Scores stay exactly
    as they are: voters are in no dump, so votes are counted without them,
    and reputation becomes an opening entry in the ledger.

    If it is interrupted, run it again: it goes on where it was. Later,
    a newer dump of the same site brings in only what is not here yet.

    It needs room in the temporary folder for about twice the unpacked dump.
    TMPDIR says where that folder is.
    """
    report = Report()
    try:
        with Bars(console) as bars, opened(path, bars) as files, Staging() as staging:
            await read(files, staging, bars, report)
            await import_staged(staging, bars, report)
    except DumpError as error:
        fail(str(error))
    except sqlite3.Error as error:
        fail(f"The temporary folder could not take the dump: {error}. TMPDIR says where that folder is.")
    except asyncio.CancelledError:
        console.print("Stopped. What is imported stays; run the same command again to go on.")
        raise
    report.print(console)


async def import_staged(staging: Staging, bars: Bars, report: Report) -> None:
    """Bring in what is in the staging tables and is not here yet; `report` tells what became of it."""
    source = await source_of(staging)
    await recall(source, staging)
    count_present(staging, report)
    site = Site(source, staging, await reserve(source, staging), await rules_in_force(), report)
    for name, rows, step in _STEPS:
        with bars.bar(f"Importing {name}", staging.count(f"SELECT COUNT(*) {rows}"), "rows") as advance:
            await step(site, advance)
    count_rest(staging, report)
