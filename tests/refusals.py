"""What a client is told when something is wrong with what it sent."""

from typing import Any

from clients import Client


async def raw(client: Client, body: bytes) -> tuple[int, list[str]]:
    """The status of a POST of exactly this body, and the messages of its errors."""
    response = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    return response.status_code, [error["message"] for error in response.json().get("errors", [])]


async def messages(client: Client, query: str, **variables: Any) -> list[str]:
    """The messages of the errors that a query comes to."""
    return [error["message"] for error in (await client.post(query, variables)).get("errors", [])]


async def wrong_fields(client: Client, name: str, /, **input: Any) -> dict[str, str]:
    """What a mutation of `tests/documents` finds wrong with its input, by the path of each field."""
    result = await client.do(name, **input)
    assert result["__typename"] == "InvalidInput", result
    return {".".join(field["path"]): field["message"] for field in result["fields"]}
