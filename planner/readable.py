"""Statements and functions of plans, written for people: a clause or a key in each line, indented by its depth."""

import re
from textwrap import wrap

_CLAUSES = r"FROM|WHERE|GROUP BY|ORDER BY|LIMIT|(?:LEFT |INNER |CROSS )(?:OUTER )?JOIN"
#: One column of a step, as `planner.compound` selects it: it is not worth lines of its own.
_ARRAY = r'ARRAY\(SELECT [^()]* FROM "s\d+"\)'
_IN_SQL = re.compile(rf"""{_ARRAY}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]| (?=(?:{_CLAUSES})\b)""")
_IN_PYTHON = re.compile(r"'(?:[^'\\]|\\.)*'(: )?|[{}]")
_INDENT = "  "


def sql(statement: str, width: int = 110) -> str:
    """A statement with a clause in each line, which is broken between words where it is longer than `width`."""
    lines, depth, place = [""], 0, 0
    for found in _IN_SQL.finditer(statement):
        lines[-1] += statement[place : found.start()]
        place = found.end()
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] == " ":
            lines.append(_INDENT * depth)
        else:
            lines[-1] += ", " if found[0] == "," else found[0]
    lines[-1] += statement[place:]
    return "\n".join(piece for line in lines for piece in _wrapped(line, width))


def python(function: str) -> str:
    """A plan's function with each key of the answer in a line of its own. It is still Python."""
    text, depth, place = "", 0, 0
    for found in _IN_PYTHON.finditer(function):
        text += function[place : found.start()]
        place = found.end()
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        text = f"{text.rstrip(' ')}\n    {_INDENT * depth}{found[0]}" if found[1] else text + found[0]
    return text + function[place:]


def _wrapped(line: str, width: int) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    return wrap(
        line, width, subsequent_indent=indent + _INDENT * 2, break_long_words=False, break_on_hyphens=False
    ) or [line]
