"""Confirming an address: by the link that was sent to it, and by nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from clients import Client
from itsdangerous import URLSafeTimedSerializer
from mail import SITE, deliver, sending
from post_office import PostOffice

import models
from services import accounts, confirmation, permissions, quotas, sealing, secret
from settings import settings

WRONG = "This link is not good, or no more: have a new one sent."


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Where the site's mail goes."""
    with sending(monkeypatch) as office:
        yield office


async def sent_token(office: PostOffice) -> str:
    """The token in the mail that is sent now."""
    await deliver(office)
    _, message = office.received.pop()
    assert message["Subject"] == "Confirm your e-mail address"
    assert message["List-Unsubscribe"] is None
    found = re.search(rf"^{SITE}/confirm/(\S+)\s*$", message.get_content(), re.M)
    assert found
    return found[1]


async def test_who_signs_up_is_asked_to_confirm_their_address(visitor: Client, office: PostOffice) -> None:
    ann = await visitor.sign_up("ann")
    user = await models.User.get(name="ann")
    assert not permissions.is_confirmed(user)
    await deliver(office)
    assert office.recipients == ["ann@example.org"]
    await ann.run("resend_confirmation")
    token = await sent_token(office)
    for _ in range(2):  # again, it changes nothing
        assert await visitor.do("confirm_email", token=token) == {
            "__typename": "ConfirmEmailPayload",
            "viewer": {"emailConfirmed": True, "user": {"name": "ann"}},
        }
    confirmed = await models.User.get(name="ann")
    assert permissions.is_confirmed(confirmed)
    assert (await ann.run("viewer"))["viewer"]["emailConfirmed"] is True


async def test_the_link_in_the_mail_is_a_page_with_a_button(visitor: Client, office: PostOffice) -> None:
    await visitor.sign_up("ann")
    link = f"/confirm/{await sent_token(office)}"
    page = await visitor.http.get(link)
    assert '<form method="post"><button>Confirm my address</button></form>' in page.text
    assert (await models.User.get()).email_confirmed_at is None
    done = await visitor.http.post(link)
    assert (done.status_code, "Thank you, ann: your address is confirmed." in done.text) == (200, True)
    assert (await models.User.get()).email_confirmed_at is not None
    wrong = await visitor.http.post(f"{link}x")
    assert (wrong.status_code, WRONG in wrong.text) == (404, True)


async def test_only_a_token_of_ours_for_that_address_counts(
    visitor: Client, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_up("ann")
    token = await sent_token(office)
    elsewhere = URLSafeTimedSerializer(secret.key_for("claims")).dumps([1, sealing.address_key("ann@example.org")])

    async def told(token: str) -> Any:
        return (await visitor.do("confirm_email", token=token)).get("fields")

    refused = [{"path": ["token"], "message": WRONG}]
    for other in ("", "x", token[:-1], f"{token}x", elsewhere):
        assert await told(other) == refused
    await models.User.all().update(email="other@example.org")
    assert await told(token) == refused
    await models.User.all().update(email="ann@example.org")
    with monkeypatch.context() as later:
        later.setattr(confirmation, "LIFE", -confirmation.LIFE)
        assert await told(token) == refused
    assert (await models.User.get()).email_confirmed_at is None
    assert await told(token) is None


async def test_a_mail_is_sent_again_a_few_times_an_hour_and_not_in_vain(
    visitor: Client, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(client: Client) -> tuple[str, str | None]:
        [result] = (await client.run("resend_confirmation")).values()
        return result["__typename"], result.get("message")

    assert await told(visitor) == ("NotPermitted", "Sign in to have your address confirmed.")
    ann = await visitor.sign_up("ann")
    token = await sent_token(office)
    monkeypatch.setattr(settings(), "rate_limits", True)
    quotas.forget()
    assert [(await told(ann))[0] for _ in range(6)] == ["ResendConfirmationPayload"] * 5 + ["RateLimited"]
    quotas.forget()
    assert await deliver(office) == 5
    await visitor.do("confirm_email", token=token)
    assert await told(ann) == ("NotPermitted", "Your address is confirmed already.")
    monkeypatch.setattr(settings(), "mail_server", None)
    assert await told(ann) == ("NotPermitted", "This site sends no mail, and takes your address as it is.")


async def test_a_site_that_sends_no_mail_asks_nobody(visitor: Client) -> None:
    await visitor.sign_up("ann")
    assert permissions.is_confirmed(await models.User.get())
    assert await models.OutgoingMail.all().count() == 0


async def test_an_account_that_nobody_stands_behind_is_asked_nothing(forum: str, office: PostOffice) -> None:
    await accounts.sign_up("sample", "sample@example.org", "a long password", is_real=False)
    assert await models.OutgoingMail.all().count() == 0
