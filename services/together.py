"""Deeds that arrive together and are done together: one transaction, one write to the disk, for all of them.

While one batch is under way the next gathers; who comes alone does not wait. Each caller is answered when the batch is
committed, with a result or an exception of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from models.meter import Meter, metering, together
from models.outages import outage

Item = TypeVar("Item")
Result = TypeVar("Result")

#: The most that one transaction does: it holds its locks as long as it takes.
MOST_TOGETHER = 100


class Together(Generic[Item, Result]):
    """Does items in batches. `work` does a batch, all of it or nothing, and gives a result or an exception for each."""

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]) -> None:
        self._work = work
        self._name = f"{work.__module__}.{getattr(work, '__qualname__', type(work).__qualname__)}"
        self._waiting: list[tuple[Item, asyncio.Future[Result], Meter | None]] = []
        self._worker: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """Do `item`, together with whatever else waits. A caller that is cancelled harms no other.

        Raises the exception that `work` gives for the item.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done, metering.get()))
        if self._worker is None or self._worker.done():
            # In a context of its own: the batch is nobody's transaction but its own.
            self._worker = asyncio.create_task(self._do_all(), context=Context())
        return await done

    async def finish(self) -> None:
        """Wait until all that was asked for is done."""
        if self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    async def _do_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            wanted = [each for each in batch if not each[1].cancelled()]
            with together((meter for _, _, meter in wanted), {"code.function.name": self._name}):
                await self._do_batch([(item, done) for item, done, _ in wanted])

    async def _do_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._results([item for item, _ in batch])
            for (_, done), result in zip(batch, results, strict=True):
                if done.cancelled():
                    continue  # its caller is gone
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
        finally:
            for _, done in batch:
                done.cancel()  # who was not answered: this task was cancelled, as all are when the process ends

    async def _results(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        if not items:
            return []
        try:
            return await self._work(items)
        except Exception as failure:
            # Each would have to wait as long as all did.
            if len(items) == 1 or outage(failure) is not None:
                return [failure for _ in items]
        # The database refused all, for one of them perhaps: each half may do without it.
        middle = len(items) // 2
        return [*await self._results(items[:middle]), *await self._results(items[middle:])]
