"""`qa settings`: every setting, what it is now, and what it is for; and docs/settings.md, which is made of the same."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from rich.table import Table

from commands.running import console, failures_told
from settings import ROOT, Settings
from settings import settings as now

PAGE = ROOT / "docs" / "settings.md"
_HEAD = """# Settings

Environment variables, or lines of a file `.env` in the working directory. `qa settings` prints what they are now, and
`qa settings --write` makes this page.

| variable | default | meaning |
|---|---|---|
"""


def settings(write: Annotated[bool, typer.Option("--write", help="Renew docs/settings.md.")] = False) -> None:
    """Print every setting: its value as this command finds it, and what it is for.

    Each is an environment variable, or a line of a file .env in the working directory. Secrets are not shown.
    """
    if write:
        PAGE.write_text(page(), encoding="utf-8")
        return
    with failures_told():
        found = now()
    table = Table("variable", "value", "meaning", box=None, pad_edge=False)
    for name, field in _fields():
        value = shown(getattr(found, name))
        style = "bold" if name in found.model_fields_set else "dim"
        table.add_row(name.upper(), f"[{style}]{_plain(value)}[/]", _plain(field.description or ""))
    console.print(table, highlight=False)


def page() -> str:
    """The page of the documentation."""
    lines = [f"| `{name.upper()}` | {_default(field)} | {field.description} |" for name, field in _fields()]
    return _HEAD + "\n".join(lines) + "\n"


def _fields() -> list[tuple[str, FieldInfo]]:
    return sorted(Settings.model_fields.items())


def shown(value: Any) -> str:
    """A value as it would be written in the environment; nothing of a secret, nor of this machine's folders."""
    match value:
        case None:
            return ""
        case SecretStr():
            return "(secret)"
        case bool():
            return "on" if value else "off"
        case Path():
            return str(value.relative_to(ROOT)) if value.is_relative_to(ROOT) else str(value)
        case str():
            return re.sub(r"//[^/@]*@", "//", value).replace(f"{ROOT}/", "")
        case int() | float():
            return str(value)
    return json.dumps(to_jsonable_python(sorted(value) if isinstance(value, frozenset) else value))


def _default(field: FieldInfo) -> str:
    value = shown(field.get_default(call_default_factory=True))
    return f"`{value}`" if value else ""


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
