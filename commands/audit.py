"""`qa check` and `qa recount`: whether the data is as it must be, and putting it right."""

import typer
from rich.table import Table

from commands.running import console, with_database
from services import audit, reckoning


@with_database
async def check() -> None:
    """Verify every invariant: scores, counts, points, the ledger, best answers, versions, orphans.

    Prints each with how many rows it looked at. Exit status 1, and the first offenders, where one fails.
    """
    sound = True
    width = 55
    async for finding in audit.check():
        mark = "[green]ok[/]    " if not finding.offenders else "[red]BROKEN[/]"
        console.print(f"{mark}  {finding.name:<{width}} {finding.checked:>9,} rows", highlight=False)
        for row_id, found, expected in finding.offenders:
            sound = False
            console.print(f"        id {row_id}: found {found}, expected {expected}", highlight=False, markup=False)
    if so_far := await reckoning.progress():
        done = f"{so_far.done:,} of {so_far.total:,} users have their new points, and the others were not looked at"
        console.print(f"A change of the rules is under way: {done}.", highlight=False)
    if not sound:
        console.print("Run qa recount to put right what follows from the rest, then qa check again.")
        raise typer.Exit(1)


@with_database
async def recount() -> None:
    """Put right what follows from other rows: counts, scores, hotness, and points from the ledger."""
    table = Table("recounted", "were wrong")
    async for name, wrong in audit.recount():
        table.add_row(name, f"{wrong:,}")
    console.print(table)
