"""`qa backup`: a copy of the database, while it is served."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from commands.running import console, fail, failures_told
from models.backup import CannotBackUp, back_up
from settings import settings

_COLUMNS = (TextColumn("[progress.description]{task.description}"), BarColumn(), TaskProgressColumn())


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; it must not be there yet.", show_default=False)],
) -> None:
    """Copy a SQLite database to FILE while it is served: one moment of it, checked, whole or not at all.

    To restore it, stop the server, put the copy where DATABASE_URL says (and remove the -wal and -shm files beside it),
    and start again. Keep the secret with it (SECRET_KEY, or the file of SECRET_FILE): it encrypts mail addresses.

    Example: qa backup "backups/forum-$(date +%F).db"
    """
    with failures_told():
        url = settings().database_url
    if not url.startswith("sqlite://"):
        fail(
            f"PostgreSQL has its own way to do that: pg_dump --format=custom --file={file} DATABASE, and pg_restore "
            "brings it back."
        )
    with Progress(*_COLUMNS, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("copying")

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            size = back_up(Path(url.removeprefix("sqlite://")), file, tell)
        except CannotBackUp as reason:
            fail(str(reason))
    console.print(f"{file} has {size:,} bytes, and was checked.", highlight=False, soft_wrap=True)
