"""A plan in words, for `qa explain`: what each step reads, for whom, by which statement with which parameters."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from models.paging import Window
from models.reading import Reading
from planner.plans import Plan
from planner.running import CountRows, LookUp, ReadRows, Run, StepRunner, parent_of
from planner.shapes import Cell, Rows
from planner.statements import KEYS, PARENT, VIEWER, Statement
from planner.terms import Slot

#: What begins a line in a statement that is written for people.
_CLAUSES = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | [()]
    | [ ](?=(?:FROM|WHERE|GROUP[ ]BY|ORDER[ ]BY|LIMIT|(?:LEFT|INNER|CROSS)[ ](?:OUTER[ ])?JOIN)\b)""",
    re.VERBOSE,
)
_KEYS_OF_ANSWER = re.compile(r"""(?P<open>\{)?(?:(?<=\{)|(?<=,[ ]))(?='\w+':[ ])|[{}]|'[^']*'""")


@dataclass(frozen=True)
class Step:
    """One step: `reads` says what and for whom; a lookup has no statement of its own."""

    reads: str
    joins: tuple[str, ...] = ()
    sql: str = ""
    #: What each placeholder of the statement stands for.
    parameters: tuple[str, ...] = ()


def steps(plan: Plan, viewer: Any, variables: VariableValues) -> list[Step]:
    """The steps of a plan in their order, with the statements for these variables.

    Raises what a function of the arguments raises for wrong ones.
    """
    run = Run(viewer, variables, _not_read, None)
    numbers = {_number(step): place for place, step in enumerate(plan.steps, start=1)}
    return [_step(step, run, numbers) for step in plan.steps]


def readable(sql: str, width: int = 100) -> list[str]:
    """A statement in lines: one for each clause, indented by its depth, broken between terms where it is too long."""
    depth, lines = 0, [""]
    place = 0
    for found in _CLAUSES.finditer(sql):
        lines[-1] += sql[place : found.start()]
        place = found.end()
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] == " ":
            lines.append("  " * depth)
        else:
            lines[-1] += found[0]
    lines[-1] += sql[place:]
    return [piece for line in lines for piece in _broken(line, width)]


def bound_names(plan: Plan) -> dict[str, str]:
    """What the names in a plan's function stand for."""
    names: dict[str, Any] = plan.function.__globals__
    used = sorted(set(re.findall(r"\bv\d+\b", plan.text)), key=lambda name: int(name[1:]))
    return {name: _shortened(names[name]) for name in used}
