"""How far an import is: on a terminal and elsewhere."""

import io

from rich.console import Console

from commands.importing.bars import Bars


def shown(*, is_terminal: bool) -> str:
    """What two parts of an import look like, the second of them empty."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=120)
    with Bars(console) as bars:
        with bars.bar("Reading Posts.xml", 5_000_000, "bytes") as advance:
            advance(4_000_000)
        with bars.bar("Importing questions", 0, "rows"):
            pass
    return written.getvalue()


def test_a_terminal_sees_a_bar_for_each_part_that_ends_full() -> None:
    lines = shown(is_terminal=True).splitlines()
    assert any("Reading Posts.xml" in line and "━" in line and "100%" in line and "5.0 MB" in line for line in lines)
    assert any("Importing questions" in line and "100%" in line and "0 rows" in line for line in lines)


def test_a_file_gets_a_line_for_each_part() -> None:
    lines = [" ".join(line.split()) for line in shown(is_terminal=False).splitlines()]
    assert lines == ["Reading Posts.xml 5.0 MB", "Importing questions 0 rows"]
