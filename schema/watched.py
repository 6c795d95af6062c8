"""What a feed reads: a watch, by somebody's eyes, as they are at that moment, encoded as it goes out."""

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, create_source_event_stream
from graphql.execution.execute import execute_subscription_event
from graphql.execution.values import VariableValues

import models
from planner.documents import Document
from planner.executor import PlannedExecutor
from planner.planner import planned_row
from schema.context import Context
from schema.execution import ExecutedSchema, is_bug, with_told_errors
from schema.live import Row, Watch
from services import live
from services.actors import user
from services.live import News, Topic
from settings import settings

#: How long a viewer's points and level are believed in, in seconds, unless there is news of their rights.
KNOWN_FOR = 1.0

#: Answers, JSON, by what each takes the place of; None where there is nothing to see any more.
Answers = dict[Hashable, bytes | None]


@dataclass(frozen=True)
class Subscribed:
    """A subscription as a client asked for it."""

    document: Document
    definition: OperationDefinitionNode
    operation_name: str | None
    variables: dict[str, Any]
    #: What all of this is, to compare.
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        variables = orjson.dumps(self.variables, option=orjson.OPT_SORT_KEYS)
        object.__setattr__(self, "key", (self.document.text, self.operation_name, variables))


class Refused(Exception):
    """There is nothing to listen to; `errors` say why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("There is nothing to listen to")
        self.errors = errors


class Watched:
    """A watch, and the eyes that read it: those of the viewer in `context`."""

    def __init__(self, schema: ExecutedSchema, subscribed: Subscribed, context: Context) -> None:
        self._schema = schema
        self._subscribed = subscribed
        self._context = context
        self._executor: PlannedExecutor | None = None
        self._variables: VariableValues | None = None
        self._watch: Watch | None = None
        self._rights: list[Topic] = []
        self._look_after = 0.0

    @property
    def has_begun(self) -> bool:
        """Whether it is known what there is to watch."""
        return self._watch is not None

    @property
    def watch(self) -> Watch:
        """What there is to watch, once it has begun."""
        assert self._watch is not None  # noqa: S101  see has_begun
        return self._watch

    @property
    def topics(self) -> list[Topic]:
        """Which news changes what is read; nothing before it has begun."""
        return [*self._watch.topics, *self._rights] if self._watch is not None else []

    async def begin(self) -> None:
        """Find out what there is to watch. Raises Refused."""
        subscribed, context = self._subscribed, self._context
        if settings().planner:
            context.plans = subscribed.document.plans(subscribed.definition)
            self._variables = context.plans.coerced(subscribed.variables)
        executor: Any = PlannedExecutor.build(
            self._schema._schema,
            subscribed.document.node,
            context_value=context,
            raw_variable_values=subscribed.variables,
            operation_name=subscribed.operation_name,
            operation_extensions=None,
        )
        if isinstance(executor, list):
            raise Refused(executor)
        found: Any = create_source_event_stream(executor)
        watch = await found if executor.is_awaitable(found) else found
        if isinstance(watch, ExecutionResult):
            raise Refused(with_told_errors(watch).errors or [])
        viewer = user(context.viewer)
        self._rights = [live.rights_topic(viewer.id)] if viewer is not None else []
        self._executor, self._watch = executor, watch

    def is_about_rights(self, news: News) -> bool:
        """Whether the viewer may see something else now: then all is to be read anew."""
        if news.topic not in self._rights:
            return False
        self._look_after = 0.0
        return True

    async def look_again(self) -> None:
        """See who the viewer is by now, and know nothing from before."""
        context, now = self._context, time.monotonic()
        context.forget()
        if isinstance(context.viewer, models.User) and now >= self._look_after:
            context.viewer = await context.loaders.by_id(models.User).load(context.viewer.id)
            context.forget()
            self._look_after = now + KNOWN_FOR

    async def new(self, news: Mapping[Hashable, News], since: datetime | None) -> Answers:
        """What news shows; or if any may have been lost since a moment, everything that may have changed."""
        if since is not None:
            return {place: await self._answer(event) for place, event in await self.watch.missed(self._context, since)}
        return {place: await self._answer(await self.watch.shown(self._context, each)) for place, each in news.items()}

    async def present(self, answers: Answers) -> Answers:
        """What comes first. What has just been read, `answers`, is not read again."""
        events = await self.watch.present(self._context)
        return {place: answers.get(place) or await self._answer(event) for place, event in events}

    async def _answer(self, event: Any) -> bytes | None:
        """The answer that shows an event: by a plan if it is a row, else, or if that fails, by graphql-core."""
        plans, key = self._context.plans, event.key if isinstance(event, Row) else getattr(event, "pk", None)
        if plans is not None and self._variables is not None and key is not None:
            planned = await planned_row(plans, self._variables, self._context, key)
            if planned is not None:
                return orjson.dumps({"data": planned[0]}, option=orjson.OPT_UTC_Z)
        if isinstance(event, Row):
            event = await self._context.loaders.by_id(event.model).load(event.key)
        if event is None or self._executor is None:
            return None
        result: Any = execute_subscription_event(self._executor.build_per_event_executor(event))
        if self._executor.is_awaitable(result):
            result = await result
        if result.data is None and (bugs := [error for error in result.errors if is_bug(error)]):
            raise bugs[0].original_error or bugs[0]
        result = with_told_errors(result)
        content: dict[str, Any] = {"data": result.data}
        if result.errors:
            content["errors"] = [error.formatted for error in result.errors]
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)
