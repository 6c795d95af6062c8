"""One process in which everybody votes by chance, twenty at once; test_voting_crowds.py runs two of them.

Usage: python voters.py URL SEED. Prints how many votes were counted; any failure ends it.
"""

import asyncio
import random
import sys

import models
from models import VoteValue, database
from services import voting
from services.errors import NotPermitted

VOTES = 400


async def vote(chance: random.Random, votes: int) -> int:
    """Cast so many votes by chance; how many were counted."""
    users, posts = await models.User.all(), await models.Post.all().only("id")
    counted = 0

    async def cast_some() -> None:
        nonlocal counted
        for _ in range(votes // 20):
            try:
                await voting.cast_vote(chance.choice(users), chance.choice(posts).id, chance.choice(list(VoteValue)))
            except NotPermitted:
                continue  # their own post
            counted += 1

    await asyncio.gather(*(cast_some() for _ in range(20)))
    return counted


async def main(url: str, seed: str) -> None:
    async with database.connected(url):
        print(await vote(random.Random(seed), VOTES))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
