"""Signing up, in and out."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import Conflict, InvalidInput, NotPermitted, RateLimited
from schema.users import Viewer
from services import accounts

_SHOWN_ONCE = "For `Authorization: Bearer`; browsers get the same session as a cookie. It is shown this once."


@strawberry.input(description="An account to make.")
class SignUpInput:
    name: str = strawberry.field(description="What the user will be called: 1 to 20 characters.")
    email: str = strawberry.field(description="The user's e-mail address; shown to nobody else.")
    password: str = strawberry.field(description="At least 8 characters.")


@strawberry.type(description="The new account, signed in.")
class SignUpPayload:
    viewer: Viewer = strawberry.field(description="The new user.")
    token: str = strawberry.field(description=_SHOWN_ONCE)


SignUpResult = Annotated[
    SignUpPayload | InvalidInput | Conflict | RateLimited,
    strawberry.union("SignUpResult", description="An account, or why there is none."),
]


@strawberry.input(description="Who signs in.")
class SignInInput:
    login: str = strawberry.field(description="Name or e-mail address.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.type(description="A session.")
class SignInPayload:
    viewer: Viewer = strawberry.field(description="Who is signed in.")
    token: str = strawberry.field(description=_SHOWN_ONCE)


SignInResult = Annotated[
    SignInPayload | InvalidInput | NotPermitted | RateLimited,
    strawberry.union("SignInResult", description="A session, or why there is none."),
]


@strawberry.type(description="The end of a session.")
class SignOutPayload:
    signed_out: bool = strawberry.field(description="False where nobody was signed in.")


@strawberry.input(description="Proof that an address is the user's.")
class ConfirmEmailInput:
    token: str = strawberry.field(description="What stands in the mail that was sent to the address, after /confirm/.")


@strawberry.type(description="The address, confirmed.")
class ConfirmEmailPayload:
    viewer: Viewer = strawberry.field(description="The user whose address it is.")


ConfirmEmailResult = Annotated[
    ConfirmEmailPayload | InvalidInput,
    strawberry.union("ConfirmEmailResult", description="The user, or why their address is as it was."),
]


@strawberry.type(description="The mail that asks to confirm an address, on its way.")
class ResendConfirmationPayload:
    viewer: Viewer = strawberry.field(description="Who it is for.")


ResendConfirmationResult = Annotated[
    ResendConfirmationPayload | NotPermitted | RateLimited,
    strawberry.union("ResendConfirmationResult", description="The user, or why no mail was sent."),
]


@strawberry.type
class AccountMutations:
    @strawberry.mutation(description="Make an account and sign in to it.")
    async def sign_up(
        self, info: Info, input: Annotated[SignUpInput, strawberry.argument(description="The account to make.")]
    ) -> SignUpResult:
        user, token = await accounts.sign_up(input.name, input.email, input.password)
        info.context.become(user, token)
        return SignUpPayload(viewer=Viewer.of(user), token=token)

    @strawberry.mutation(description="Sign in. There is one answer to all that is wrong.")
    async def sign_in(
        self, info: Info, input: Annotated[SignInInput, strawberry.argument(description="Who signs in.")]
    ) -> SignInResult:
        user, token = await accounts.sign_in(input.login, input.password)
        info.context.become(user, token)
        return SignInPayload(viewer=Viewer.of(user), token=token)

    @strawberry.mutation(description="Confirm an address by the token that was sent to it. Again, it changes nothing.")
    async def confirm_email(
        self, info: Info, input: Annotated[ConfirmEmailInput, strawberry.argument(description="The proof.")]
    ) -> ConfirmEmailResult:
        user = await accounts.confirm_email(input.token)
        info.context.forget()
        return ConfirmEmailPayload(viewer=Viewer.of(user))

    @strawberry.mutation(description="Send the mail that asks to confirm the viewer's address once more.")
    async def resend_confirmation(self, info: Info) -> ResendConfirmationResult:
        user = await accounts.resend_confirmation(info.context.actor)
        return ResendConfirmationPayload(viewer=Viewer.of(user))

    @strawberry.mutation(description="End the session that this request came with.")
    async def sign_out(self, info: Info) -> SignOutPayload:
        signed_out = await accounts.sign_out(info.context.token)
        info.context.become(None, None)
        return SignOutPayload(signed_out=signed_out)
