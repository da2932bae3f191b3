"""Expensive requests: few at once, the next in order, the rest told to come back; none is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.types import Message

from coproarchive.library import Library
from coproarchive.web import concurrency
from coproarchive.web.access import Access
from coproarchive.web.concurrency import BusyError, ConcurrencyLimit
from coproarchive.web.routes import routes
from making import SEMINAR

PATHS = {
    f"/item/{SEMINAR}/bread-for-all": "pages",
    f"/seminar/{SEMINAR}": "pages",
    "/people": "pages",
    "/sitemap.xml": "pages",
    f"/picture/{SEMINAR}/bread-for-all/bread.pptx/1-320.webp": "pictures",
    f"/file/{SEMINAR}/bread-for-all/bread.pptx": "files",
    "/suggest?q=ada": "searches",
    "/results.csv?q=bread": "exports",
}


def in_thread(coroutine_of: Callable[[], object]) -> None:
    """Run a coroutine in a loop of its own: a browser test may have left one running in ours."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(coroutine_of())).result()  # type: ignore[arg-type]


def test_few_run_at_once_in_the_order_in_which_they_came() -> None:
    """Threads and coroutines in one queue; who does not fit is refused at once."""
    limit = ConcurrencyLimit(2, 6)
    running, most, order = 0, 0, []
    lock = threading.Lock()
    go = threading.Event()

    def work(number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            order.append(number)
        go.wait(60)
        time.sleep(0.01)
        with lock:
            running -= 1

    def in_a_thread(number: int) -> None:
        with limit.turn():
            work(number)

    async def both() -> None:
        async def in_the_loop(number: int) -> None:
            async with limit.turn_async():
                await asyncio.to_thread(work, number)

        tasks = []
        for number in range(8):
            kind = asyncio.to_thread(in_a_thread, number) if number % 2 else in_the_loop(number)
            tasks.append(asyncio.create_task(kind))
            while len(limit._queue) + 2 - limit._free < number + 1:
                await asyncio.sleep(0.001)
        with pytest.raises(BusyError):
            async with limit.turn_async():
                pass
        with pytest.raises(BusyError), limit.turn():
            pass
        go.set()
        await asyncio.gather(*tasks)

    in_thread(both)
    assert most == 2
    assert sorted(order) == list(range(8))
    assert set(order[:2]) == {0, 1}
    assert all(abs(position - number) <= 1 for position, number in enumerate(order))
    with limit.turn(), limit.turn():
        pass


def test_who_waits_too_long_or_goes_away_gives_the_turn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is given up at any moment is no turn lost: 300 tries at random moments."""
    monkeypatch.setattr(concurrency, "WAIT_SECONDS", 0.01)
    limit = ConcurrencyLimit(1, 1000)

    def hold() -> str:
        try:
            with limit.turn():
                time.sleep(0.004)
        except BusyError:
            return "busy"
        return "done"

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: hold(), range(300)))
    assert {"busy", "done"} == set(answers)

    async def cancelled() -> None:
        async def wait() -> None:
            async with limit.turn_async():
                await asyncio.sleep(0.002)

        tasks = [asyncio.create_task(wait()) for _ in range(100)]
        await asyncio.sleep(0.005)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    in_thread(cancelled)
    with limit.turn():
        pass
    assert (limit._free, len(limit._queue)) == (1, 0)


def test_every_expensive_route_has_a_limit(library: Library) -> None:
    """Past the queue: 503, when to come back, and a sentence; afterwards it is answered again."""
    limits = concurrency.RequestLimits(library.settings)
    ours = routes(library, Access(library.settings), None, limits)
    status: dict[str, int] = {}

    async def ask(path: str) -> tuple[int, dict[str, str], str]:
        sent: list[Message] = []
        name, _, query = path.partition("?")
        scope = {
            "type": "http", "method": "GET", "path": name, "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1:8501")], "scheme": "http", "root_path": "",
            "server": ("127.0.0.1", 8501),
        }  # fmt: skip

        async def receive() -> Message:
            if not status.get(path):
                status[path] = 1
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        status[path] = 0
        for route in ours:
            match, child = route.matches(scope)
            if match.value == 2:
                await route.handle({**scope, **child}, receive, send)
                break
        headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        body = b"".join(m.get("body", b"") for m in sent[1:])
        return sent[0]["status"], headers, body.decode(errors="replace")

    async def all_of_them() -> None:
        for path, kind in PATHS.items():
            limit: ConcurrencyLimit = getattr(limits, kind)
            free, waiting, limit._free, limit._waiting = limit._free, limit._waiting, 0, 0
            code, headers, body = await ask(path)
            assert (path, code) == (path, 503)
            assert headers["retry-after"] == "5"
            assert "try again in a few seconds" in body
            limit._free, limit._waiting = free, waiting
            code, _, _ = await ask(path)
            assert (path, code) == (path, 200)
            assert limit._free == free

    in_thread(all_of_them)


def test_who_went_away_while_waiting_is_not_answered(library: Library) -> None:
    """The work is not done for nobody."""
    from coproarchive.web.routes import _is_gone

    async def gone() -> None:
        messages: list[Message] = [
            {"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"},
        ]  # fmt: skip

        async def receive() -> Message:
            return messages.pop(0)

        assert await _is_gone(Request({"type": "http", "headers": []}, receive))

    in_thread(gone)
    assert library
