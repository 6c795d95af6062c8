"""What a database says of how it will read: complaints about statements that read through a big table."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tortoise.connection import get_connection

from models.database import dialect

#: Tables that grow with the forum; the others hold a few rows for each kind of thing.
BIG = {"post", "points_entry", "revision", "tag", "thread", "thread_tag", "users", "vote"}


async def complaints(sql: str, values: Sequence[Any]) -> list[str]:
    """What is wrong with how the connected database will run this, which may be nothing."""
    if dialect() == "sqlite":
        steps = await get_connection("default").execute_query_dict(f"EXPLAIN QUERY PLAN {sql}", list(values))
        return list(_of_sqlite(sql, steps))
    found: list[str] = []
    async with get_connection("default").acquire_connection() as connection:
        [[text]] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
        found += _of_postgres(json.loads(text)[0]["Plan"])
        # And the plan that it makes when it has seen the statement often, which suits all values and none.
        await connection.execute(f"PREPARE explained AS {sql}")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        arguments = f"({', '.join(['NULL'] * len(values))})" if values else ""
        [[text]] = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE explained {arguments}")
        found += (f"{complaint} (generic plan)" for complaint in _of_postgres(json.loads(text)[0]["Plan"]))
        await connection.execute("DEALLOCATE explained; RESET plan_cache_mode")
    return found


def _of_sqlite(sql: str, steps: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Walking along an index is well where it ends with the page, or reads nothing else."""
    named = re.findall(r'"(\w+)" (?:AS )?"(\w+)"', sql)
    tables = {table: table for table in BIG} | {alias: table for table, alias in named if table in BIG}
    for step in steps:
        scan = re.match(r"SCAN (\w+)(?: USING (COVERING )?INDEX)?", step["detail"])
        if "AUTOMATIC" in step["detail"]:
            yield f"makes an index of its own: {step['detail']}"
        if scan is None or scan[1] not in tables:
            continue
        beside = [other["detail"] for other in steps if other["parent"] == step["parent"]]
        if "USING" not in scan[0]:
            yield f"reads through a table: {step['detail']}"
        elif any("TEMP B-TREE FOR ORDER BY" in detail for detail in beside):
            yield f"sorts a whole table: {step['detail']}"
        elif scan[2] is None and " LIMIT " not in sql:
            yield f"reads through a table by an index: {step['detail']}"


def _of_postgres(plan: dict[str, Any], above: str = "") -> Iterator[str]:
    """Walking along an index is well unless all of it goes into what stands `above`."""
    kind, table = plan["Node Type"], plan.get("Relation Name")
    if table in BIG:
        if kind == "Seq Scan":
            yield f"reads through a table: {table}"
        elif kind.startswith("Index") and "Index Cond" not in plan and above:
            yield f"{above} a whole table: {table} by {plan['Index Name']}"
    for inner in plan.get("Plans", ()):
        doing = {"Sort": "sorts", "Hash": "hashes", "Materialize": "keeps"}.get(kind, above)
        if inner.get("Parent Relationship") in ("InitPlan", "SubPlan"):
            doing = ""
        yield from _of_postgres(inner, doing)
