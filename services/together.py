"""Deeds that arrive together and are done together: one transaction, one write to the disk, for all of them.

While one batch is under way the next gathers; who comes alone does not wait. Each caller is answered when the batch is
committed, with a result or an exception of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from models.database import DatabaseBusy

Item = TypeVar("Item")
Result = TypeVar("Result")

#: The most that one transaction does: it holds its locks as long as it takes.
MOST_TOGETHER = 100


class Together(Generic[Item, Result]):
    """Does items in batches. `work` does a batch, all of it or nothing, and gives a result or an exception for each."""

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """Do `item`, together with whatever else waits. A caller that is cancelled harms no other.

        Raises the exception that `work` gives for the item.
        """
        loop = asyncio.get_running_loop()
        if self._worker is not None and self._worker.get_loop() is not loop:
            self._worker, self._waiting = None, []  # of an event loop that is no more
        done: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, done))
        if self._worker is None:
            # In a context of its own: the batch is nobody's transaction but its own.
            self._worker = loop.create_task(self._do_all(), context=Context())
        return await done

    async def finish(self) -> None:
        """Wait until all that was asked for is done."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _do_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                results = await self._results([item for item, _ in batch])
                for (_, done), result in zip(batch, results, strict=True):
                    if done.done():
                        continue  # its caller is gone
                    if isinstance(result, Exception):
                        done.set_exception(result)
                    else:
                        done.set_result(result)
        finally:
            self._worker = None

    async def _results(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return await self._work(items)
        except Exception as failure:
            # The database refused the batch, for one of them perhaps: each is done alone. Where it is merely busy,
            # it would be so for each.
            if len(items) == 1 or isinstance(failure, DatabaseBusy):
                return [failure for _ in items]
        return [result for item in items for result in await self._results([item])]
