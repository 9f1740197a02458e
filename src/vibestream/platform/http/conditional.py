"""Answers that an asker may keep, and has to ask about each time: what did not change is not sent again.

    @router.get("/api/v1/people/{handle}", policy=ANYONE, conditional=True)

For JSON that everybody may see. A page is no such answer: it carries a nonce that is good for one response alone, and an
answer without a body would bring a policy that its scripts do not carry (RFC 9111, 3.2).

Source: RFC 9110, 13.1.2 and 15.4.5.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import Request
from starlette.responses import Response

from vibestream.kernel.entity_tags import is_named, tag_of

KEPT: Final = "private, no-cache"
"""By the asker alone, since some of it, as whether one follows somebody, is theirs; and asked about each time."""
_SAID_AGAIN: Final = ("set-cookie", "vary")


def as_kept(request: Request, answer: Response) -> Response:
    """Return a good answer with its entity tag, or without its body when the asker has it; any other as it is."""
    if answer.status_code != HTTPStatus.OK:
        return answer
    tag = tag_of(bytes(answer.body))
    kept = {"ETag": tag, "Cache-Control": KEPT}
    if not is_named(request.headers.get("if-none-match"), tag, weak=True):
        answer.headers.update(kept)
        return answer
    unchanged = Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
    for name, value in answer.headers.items():
        if name in _SAID_AGAIN:
            unchanged.headers.append(name, value)
    return unchanged
