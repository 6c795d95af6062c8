"""Loaders that are safe to share between fields, and that send their batches in waves.

Three things that aiodataloader leaves to its user:

- Every waiter has a future of its own. graphql-core cancels the siblings of a failed non-null field, and a cancelled
  waiter would cancel the future that it shares with others.
- No loading inside a transaction. On SQLite the batch would wait for the transaction, and it for the batch; on
  PostgreSQL it would read rows as they were before.
- Batches of one operation are sent together, when all that could ask has asked. Fields come to their loaders at
  different moments (an author by way of the question, another by way of an answer); sent at the first moment, each of
  them would be a statement of its own.
"""

import asyncio
from collections.abc import Hashable
from typing import Any, TypeVar

from aiodataloader import DataLoader, dispatch_queue_batch, get_chunks
from aiodataloader import Loader as Asked

from models.database import in_transaction

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# How often the event loop must turn without anybody asking, before a wave is sent. A value passes from a loader
# through shield, resolver, executor and list in fewer turns than this.
_QUIET_TURNS = 8


class Wave:
    """The batches that one operation is gathering."""

    def __init__(self) -> None:
        self._asked: list[WaveLoader[Any, Any]] = []
        self._quiet_turns = 0
        self._rolling: asyncio.Task[None] | None = None

    def gather(self, loader: "WaveLoader[Any, Any]") -> None:
        """Send the queue of `loader` with the next wave."""
        self._asked.append(loader)
        self._quiet_turns = 0
        if self._rolling is None:
            self._rolling = asyncio.create_task(self._roll())

    async def _roll(self) -> None:
        while await self._something_was_asked():
            asked, self._asked = self._asked, []
            await asyncio.gather(*(loader.send() for loader in asked))
        self._rolling = None

    async def _something_was_asked(self) -> bool:
        self._quiet_turns = 0
        while self._quiet_turns < _QUIET_TURNS:
            self._quiet_turns += 1
            await asyncio.sleep(0)
        return bool(self._asked)


class WaveLoader(DataLoader[Key, Value]):
    """A dataloader whose subclass says in `batch_load_fn` how to get the values of many keys at once."""

    # SQLite takes at most 500 SELECTs in one statement, and lists are read with one for each.
    max_batch_size = 400

    def __init__(self, wave: Wave) -> None:
        super().__init__()
        self._wave = wave

    def load(self, key: Key) -> "asyncio.Future[Value]":
        if in_transaction():
            raise RuntimeError(f"{type(self).__name__} was asked inside a transaction: read with a query there")
        shared = super().load(key)
        return shared if shared.done() else asyncio.shield(shared)

    def do_resolve_reject(self, key: Key, future: "asyncio.Future[Value]") -> None:
        self._queue.append(Asked(key=key, future=future))
        if len(self._queue) == 1:
            self._wave.gather(self)

    async def send(self) -> None:
        """Load all that was asked for since the last time."""
        queue, self._queue = self._queue, []
        await asyncio.gather(
            *(dispatch_queue_batch(self, chunk) for chunk in get_chunks(queue, self.max_batch_size or len(queue)))
        )
