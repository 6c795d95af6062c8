"""`qa rules`: the rules of points and hotness, from the command line."""

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from commands.running import console, fail, with_database
from services import points, reckoning, rules
from services.points import AMOUNTS, CAPS, WEIGHTS

app = typer.Typer(help="Show and change what deeds are worth.", no_args_is_help=True)


@app.command()
@with_database
async def show() -> None:
    """Show the rules in force, and how far they are put in force for what was done before them."""
    in_force = await points.rules_in_force()
    table = Table("rule", "amount", title=f"Version {in_force.version}")
    for name in (*AMOUNTS, *WEIGHTS):
        value = getattr(in_force, name)
        table.add_row(name, "none" if value is None else f"{value:,}")
    console.print(table)
    if so_far := await reckoning.progress():
        console.print(f"{so_far.done:,} of {so_far.total:,} users have their new points. Go on with: qa rules resume")


@app.command("set")
@with_database
async def change(
    given: Annotated[list[str], typer.Argument(metavar="NAME=AMOUNT...", help="Such as question_posted=30.")],
    reason: Annotated[str | None, typer.Option(help="Why, for all to read in the log.")] = None,
) -> None:
    """Change rules, then everybody's points and hotness. A cap of none is no cap.

    Example: qa rules set question_posted=30 answer_max_gain=none
    """
    former = await points.rules_in_force()
    changed = await rules.put_in_force(dict(map(_read, given)), reason=reason)
    if changed.version == former.version:
        console.print(f"These are the rules already: version {former.version}.", highlight=False)
        return
    console.print(f"Version {changed.version} is in force.", highlight=False)
    await _finish()


@app.command()
@with_database
async def resume() -> None:
    """Go on with a change of the rules that was interrupted; the server does so by itself when it starts."""
    await _finish()


async def _finish() -> None:
    """Show how far it came, and that it came to its end."""
    columns = TextColumn("users"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("users")
        async for so_far in reckoning.finish():
            bar.update(task, completed=so_far.done, total=so_far.total)
    console.print("Everybody has the points that the rules in force give.")


def _read(given: str) -> tuple[str, int | None]:
    name, _, amount = given.partition("=")
    if name not in (*AMOUNTS, *WEIGHTS):
        fail(f"There is no rule {name}. Choose of {', '.join((*AMOUNTS, *WEIGHTS))}.")
    if name in CAPS and amount == "none":
        return name, None
    try:
        return name, int(amount)
    except ValueError:
        fail(f"{given!r} gives no whole number: write {name}=30.")
