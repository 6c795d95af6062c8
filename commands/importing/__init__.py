"""`qa import`: a whole site, brought in from elsewhere."""

import typer

from commands.importing.stackexchange import stackexchange

app = typer.Typer(help="Bring in a whole site from elsewhere.", no_args_is_help=True)
app.command()(stackexchange)
