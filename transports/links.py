"""The links in mail: a small page with a button, which does what the link is for; opening the page does nothing.

Mail programs and their guards open links by themselves, so only POST acts. It asks for no cookie: the token in the
link is all that counts, be it from the page's form or from a mail program's one click (RFC 8058).
"""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services import accounts, notices
from services.errors import InvalidInput

_HEADERS = {
    "content-security-policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",  # the address holds the token
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}


async def stop(request: Request) -> Response:
    """End a notice: its address is deleted, and the mail to it that has not gone yet."""
    notice_id = notices.stopped_by(request.path_params["token"])
    if notice_id is None:
        return _page("This link ends nothing: it is not as it stood in the mail.", status=404)
    if request.method != "POST":
        return _page("Do you want no more mail about replies to your post?", button="Stop this mail")
    await notices.end(id=notice_id)
    return _page("You will get no more mail about replies to your post, and your address for it is deleted.")


async def confirm(request: Request) -> Response:
    """Confirm the address of an account."""
    if request.method != "POST":
        return _page("Is the account yours that was made with your e-mail address?", button="Confirm my address")
    try:
        user = await accounts.confirm_email(request.path_params["token"])
    except InvalidInput as refusal:
        return _page(refusal.fields[0].message, status=404)
    return _page(f"Thank you, {user.name}: your address is confirmed.")


def _page(words: str, *, button: str | None = None, status: int = 200) -> Response:
    form = f'<form method="post"><button>{escape(button)}</button></form>' if button else ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Mail</title></head><body><main><p>{escape(words)}</p>{form}</main></body></html>"
    )
    return HTMLResponse(page, status, _HEADERS)
