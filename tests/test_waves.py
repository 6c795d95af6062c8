"""Waves: loaders that can be shared, and that send what was asked together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiodataloader import DataLoader
from clients import Client, document
from crowd import asked_by, member

import models
from models.database import transaction
from schema.loaders import Loaders
from schema.waves import Wave, WaveLoader
from settings import settings


class Doubled(WaveLoader[int, int]):
    """Gives twice the key, and notes which keys it was asked for together; below zero it fails."""

    def __init__(self, wave: Wave) -> None:
        super().__init__(wave)
        self.batches: list[list[int]] = []

    async def batch_load_fn(self, keys: Sequence[int]) -> list[int]:
        self.batches.append(list(keys))
        await asyncio.sleep(0)
        if min(keys) < 0:
            raise ValueError("below zero")
        return [2 * key for key in keys]


async def cancel_one_of_two(loader: DataLoader[int, int]) -> Any:
    """Ask twice for a key, cancel who asked first, and give what the other one gets."""

    async def ask() -> int:
        return await loader.load(1)

    first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
    await asyncio.sleep(0)
    first.cancel()
    [_, result] = await asyncio.gather(first, second, return_exceptions=True)
    return result


async def test_a_waiter_that_is_cancelled_takes_no_other_along_as_it_would_with_the_stock_loader(forum: str) -> None:
    async def doubled(keys: list[int]) -> list[int]:
        return [2 * key for key in keys]

    assert isinstance(await cancel_one_of_two(DataLoader(doubled)), asyncio.CancelledError)
    assert await cancel_one_of_two(Doubled(Wave())) == 2


async def test_a_thread_without_a_question_fails_alone(visitor: Client) -> None:
    ann = await member("ann")
    sound, _ = await asked_by(ann, "The sound one of the two", tags=("plants",))
    broken, question = await asked_by(ann, "The broken one of the two", tags=("plants",))
    await models.Post.filter(id=question.id).delete()
    # A null where none may be cancels the other fields of its thread, which wait for the same loaders as its neighbour.
    part = "{ title tags { name } question { author { name } } answers { totalCount } bestAnswer { id } }"
    query = f"query ($a: Int!, $b: Int!) {{ broken: thread(number: $a) {part} sound: thread(number: $b) {part} }}"
    answer = await visitor.post(query, {"a": broken.id, "b": sound.id})
    assert answer["data"] == {
        "broken": None,
        "sound": {
            "title": "The sound one of the two",
            "tags": [{"name": "plants"}],
            "question": {"author": {"name": "ann"}},
            "answers": {"totalCount": 0},
            "bestAnswer": None,
        },
    }
    assert [error["path"] for error in answer["errors"]] == [["broken", "question"]]


async def test_loading_inside_a_transaction_is_refused(forum: str) -> None:
    loader = Doubled(Wave())
    async with transaction():
        with pytest.raises(RuntimeError, match=r"^Doubled was asked inside a transaction: read with a query there$"):
            loader.load(1)
    assert await loader.load(1) == 2


async def test_a_failure_is_not_kept(forum: str) -> None:
    loader = Doubled(Wave())
    for _ in range(2):
        with pytest.raises(ValueError, match="below zero"):
            await loader.load(-1)
    assert loader.batches == [[-1], [-1]]
    assert await loader.load(1) == 2


async def test_a_failure_reaches_everyone_who_waits_for_it(forum: str) -> None:
    loader = Doubled(Wave())
    results = await asyncio.gather(loader.load(-1), loader.load(-1), loader.load(2), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3


async def test_a_value_is_loaded_once(forum: str) -> None:
    loader = Doubled(Wave())
    assert await loader.load_many([1, 2, 1]) == [2, 4, 2]
    assert await loader.load(2) == 4
    assert loader.batches == [[1, 2]]


async def test_keys_asked_for_at_different_moments_go_in_one_wave(forum: str) -> None:
    wave = Wave()
    first, second = Doubled(wave), Doubled(wave)

    async def after(turns: int, loader: Doubled, key: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await loader.load(key)

    asked = [after(turns, loader, turns) for turns in range(6) for loader in (first, second)]
    assert await asyncio.gather(*asked) == [2 * turns for turns in range(6) for _ in range(2)]
    assert first.batches == second.batches == [[0, 1, 2, 3, 4, 5]]


async def test_what_is_asked_for_while_a_wave_is_under_way_goes_with_the_next(forum: str) -> None:
    loader = Doubled(Wave())
    assert await loader.load(await loader.load(1)) == 4
    assert loader.batches == [[1], [2]]


async def test_a_batch_has_at_most_four_hundred_keys(forum: str) -> None:
    loader = Doubled(Wave())
    assert await loader.load_many(range(1_000)) == [2 * key for key in range(1_000)]
    assert [len(batch) for batch in loader.batches] == [400, 400, 200]


async def test_loaders_give_null_for_what_is_not_there_and_keep_the_order(forum: str) -> None:
    ann = await member("ann")
    loaders = Loaders(None)
    assert await loaders.by_id(models.User).load_many([ann.id + 1, ann.id, 0]) == [None, ann, None]


async def test_authors_met_on_different_ways_are_read_with_their_posts(
    visitor: Client, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "planner", False)
    thread, _ = await asked_by(await member("ann"))
    statements.clear()
    answer = await visitor.post(
        "query ($number: Int!) { thread(number: $number) { question { author { name } displayName } } }",
        {"number": thread.id},
    )
    assert answer["data"]["thread"]["question"] == {"author": {"name": "ann"}, "displayName": "ann"}
    assert len(statements) == 2
    assert "errors" not in await visitor.post(document("question_page"), {"number": thread.id})
