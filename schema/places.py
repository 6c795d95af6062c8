"""Where operations are answered: a query by a replica that has all its reader did and saw, all else by the primary.

Only what a query itself reads is routed so, all of it to one place: whose session it is was read at the primary before.
"""

from collections.abc import Awaitable, Callable

from graphql import ExecutionResult

from models import User
from models import replica_metrics as metrics
from models.engines.waiting import finish
from models.replicas import Reader, Replicas
from models.standby import Replica
from schema.context import Context
from services import origin
from services.actors import Writer, user

Answer = Callable[[], Awaitable[ExecutionResult]]


async def answered_at(replicas: Replicas, answer: Answer, context: Context, *, is_query: bool) -> ExecutionResult:
    """What `answer()` gives, which may be called twice if it is a query."""
    if not is_query:
        return await _done(replicas, answer, context)
    # A browser that writes without an account is known by nothing that the primary is asked for.
    if context.kept is None:
        account = user(context.viewer)
        replica = replicas.choose(_reader(account), 0 if account is None else account.wrote_until)
        if replica is not None and (result := await _read(replicas, replica, answer, context)) is not None:
            metrics.read_at("replica")
            return result
    metrics.read_at("primary")
    result = await answer()
    replicas.saw(_reader(user(context.viewer)))
    return result


async def _read(replicas: Replicas, replica: Replica, answer: Answer, context: Context) -> ExecutionResult | None:
    """What the replica answers; None where the primary shall: whatever is wrong with a query, it says what.

    A replica that goes, or has to break off what stands in the way of its catching up, is nobody's concern.
    """
    untold = replicas.untold(replica)
    try:
        with replica.read_from():
            result = await answer()
    except Exception:
        result = None
    if result is not None and not result.errors:
        context.untold = untold
        return result
    context.read_anew()
    return None


async def _done(replicas: Replicas, answer: Answer, context: Context) -> ExecutionResult:
    """What a deed answers, once all processes know that its author has done something.

    Raises what goes wrong with telling them: then nobody has been answered that the deed is done.
    """
    before = user(context.viewer)
    try:
        return await answer()
    finally:
        accounts = {account.id for account in (before, user(context.came)) if account is not None}
        for reader in accounts or {_reader(None)}:
            replicas.saw(reader)
        # A post that nothing kept of shall name an account leaves no mark of one: its browser has a cookie.
        if not isinstance(context.viewer, Writer):
            for each in accounts:
                await finish(replicas.wrote(each))


def _reader(account: User | None) -> Reader:
    """By what a reader is known again."""
    return account.id if account is not None else origin.neighbourhood() or ""
