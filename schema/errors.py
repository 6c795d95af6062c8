"""Errors: refusals become members of a mutation's union, a client's mistakes are told, bugs are masked."""

from datetime import datetime

import strawberry
from graphql import GraphQLError

from schema.enums import RefusalReason
from services import errors, permissions


class BadRequest(GraphQLError):
    """A client's mistake in a query, told as it is. `arguments` name what was wrong."""

    def __init__(self, message: str, *arguments: str) -> None:
        super().__init__(message, extensions={"code": "BAD_REQUEST", "arguments": list(arguments)})


@strawberry.type(description="Whether the viewer may do something, and if not, why and what it would take.")
class Permission:
    allowed: bool = strawberry.field(description="Whether the viewer may.")
    reason: RefusalReason | None = strawberry.field(default=None, description="Why not, for a program.")
    message: str | None = strawberry.field(default=None, description="Why not, for a person.")
    points_required: int | None = strawberry.field(default=None, description="The points that it takes.")
    remaining: int | None = strawberry.field(default=None, description="How often the viewer may before the limit.")
    resets_at: datetime | None = strawberry.field(default=None, description="When the limit begins anew.")

    @classmethod
    def of(cls, permission: permissions.Permission) -> "Permission":
        """What the rules say, as the client is told of it."""
        refusal, quota = permission.refusal, permission.quota
        return cls(
            allowed=refusal is None,
            reason=refusal.reason if refusal else None,
            message=refusal.message if refusal else None,
            points_required=refusal.points_required if refusal else None,
            remaining=quota.remaining if quota else None,
            resets_at=quota.resets_at if quota else None,
        )


@strawberry.interface(description="Why a mutation did not happen: nothing was changed.")
class Error:
    message: str = strawberry.field(description="What is wrong and what to do, for a person.")


@strawberry.type(description="One wrong field.")
class FieldError:
    path: list[str] = strawberry.field(description="Names from the input down.")
    message: str = strawberry.field(description="What would be right.")


@strawberry.type(description="Every field that is wrong, at once.")
class InvalidInput(Error):
    fields: list[FieldError] = strawberry.field(description="The wrong fields.")


@strawberry.type(description="There is no such thing, or the viewer may not see it.")
class NotFound(Error):
    pass


@strawberry.type(description="The viewer may not do this.")
class NotPermitted(Error):
    permission: Permission = strawberry.field(description="Why not, and what it would take.")


@strawberry.type(description="Too much at once.")
class RateLimited(Error):
    retry_at: datetime = strawberry.field(description="When to try again.")


@strawberry.type(description="Somebody else changed it first, or it exists already.")
class Conflict(Error):
    pass


class _ToInvalidInput(strawberry.ExceptionHandler[errors.InvalidInput, InvalidInput]):
    def handle(self, exception: errors.InvalidInput, **_: object) -> InvalidInput:
        fields = [FieldError(path=list(wrong.path), message=wrong.message) for wrong in exception.fields]
        return InvalidInput(message=exception.message, fields=fields)


class _ToNotFound(strawberry.ExceptionHandler[errors.NotFound, NotFound]):
    def handle(self, exception: errors.NotFound, **_: object) -> NotFound:
        return NotFound(message=exception.message)


class _ToNotPermitted(strawberry.ExceptionHandler[errors.NotPermitted, NotPermitted]):
    def handle(self, exception: errors.NotPermitted, **_: object) -> NotPermitted:
        return NotPermitted(message=exception.message, permission=Permission.of(permissions.Permission(exception)))


class _ToRateLimited(strawberry.ExceptionHandler[errors.RateLimited, RateLimited]):
    def handle(self, exception: errors.RateLimited, **_: object) -> RateLimited:
        return RateLimited(message=exception.message, retry_at=exception.retry_at)


class _ToConflict(strawberry.ExceptionHandler[errors.Conflict, Conflict]):
    def handle(self, exception: errors.Conflict, **_: object) -> Conflict:
        return Conflict(message=exception.message)


HANDLERS = (_ToInvalidInput(), _ToNotFound(), _ToNotPermitted(), _ToRateLimited(), _ToConflict())
