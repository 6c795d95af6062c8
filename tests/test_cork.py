"""A response leaves in one write, and nothing of one is ever held back."""

import asyncio
from typing import Any

from transports.cork import Corked

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Tape:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("aborted")


def corked() -> tuple[Corked, Tape]:
    """A corked transport, and what it does."""
    tape: Any = Tape()
    return Corked(tape), tape


async def test_a_head_waits_for_its_body_and_all_else_goes_out_at_once() -> None:
    transport, tape = corked()
    transport.write(HEAD)
    assert tape.done == []
    transport.write(b"body")
    transport.write(b"more")
    await asyncio.sleep(0)
    assert tape.done == [HEAD + b"body", b"more"]


async def test_a_head_without_a_body_goes_out_in_the_same_turn() -> None:
    transport, tape = corked()
    transport.write(HEAD)
    await asyncio.sleep(0)
    transport.write(b"body")
    assert tape.done == [HEAD, b"body"]


async def test_what_is_held_goes_out_before_the_end_but_for_one_that_breaks_off() -> None:
    transport, tape = corked()
    transport.write(HEAD)
    transport.close()
    assert tape.done == [HEAD, "closed"]
    transport, tape = corked()
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert tape.done == ["aborted"]
