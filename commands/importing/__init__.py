"""`qa import`: bring in what another system exported."""

import typer

app = typer.Typer()


@app.command()
def stackexchange() -> None:
    """Stub until the importer is there."""
