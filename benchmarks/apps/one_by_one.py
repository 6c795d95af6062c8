"""This server with a transaction for each vote: what it would be if those that arrive together did not share one."""

import typer

from commands.serve import serve
from services import together

if __name__ == "__main__":
    together.MOST_TOGETHER = 1
    typer.run(serve)
