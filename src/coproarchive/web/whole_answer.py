"""Answers that are held back until they are whole, to be changed before they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Rewrite = Callable[[Message, bytes], Awaitable[bytes]]
"""Returns the body to send, given an answer's start, whose headers it may change, and its body."""


async def send_rewritten(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, rewrite: Rewrite
) -> None:
    """Pass a request on, and send what `rewrite` makes of the whole answer.

    Args:
        app: what answers.
        scope, receive, send: of the request.
        rewrite: is called once, with the answer.
    """
    start: Message = {}
    pieces: list[bytes] = []

    async def held_back(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        pieces.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = await rewrite(start, b"".join(pieces))
        await send(start)
        await send({"type": "http.response.body", "body": body})

    await app(scope, receive, held_back)
