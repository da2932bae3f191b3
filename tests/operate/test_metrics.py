"""Figures for Prometheus: on a port of their own, by route, without a word about readers."""

from __future__ import annotations

import contextlib
import threading
import time
import urllib.request
from pathlib import Path

import argon2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from coproarchive.config_file import SettingsError
from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.settings import Settings, load_settings
from coproarchive.web.access import Access
from coproarchive.web.concurrency import RequestLimits
from coproarchive.web.metrics import LibraryCollector, MetricsServer
from coproarchive.web.observe import Observe
from coproarchive.web.routes import routes
from making import SEMINAR


def figures(library: Library, reindexer: Reindexer | None = None) -> dict[str, float]:
    """Return name with labels -> value, as a scrape gets them."""
    server = MetricsServer("127.0.0.1", 0, LibraryCollector(library, reindexer))
    address = f"http://127.0.0.1:{server.port}/metrics"
    with contextlib.closing(server), urllib.request.urlopen(address, timeout=20) as page:
        text = page.read().decode()
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def test_requests_are_counted_by_route(library: Library) -> None:
    """Not by address: an id may be a hidden item's, a query anybody's."""
    ours = routes(library, Access(library.settings))
    app = Starlette(routes=ours, middleware=[Middleware(Observe, routes=ours)])
    name = 'coproarchive_requests_total{method="GET",route="/item/{item_id}",status="200"}'
    before = figures(library)
    with TestClient(app, base_url="http://127.0.0.1:8501") as client:
        client.get("/item/windmills?q=secretword")
        client.get(f"/item/{SEMINAR}/hidden-talk")
        assert client.get("/metrics").status_code == 404
    after = figures(library)
    assert after[name] == before.get(name, 0) + 1
    assert after[name.replace("200", "404")] == before.get(name.replace("200", "404"), 0) + 1
    seconds = 'coproarchive_request_seconds_count{route="/item/{item_id}"}'
    assert after[seconds] == before.get(seconds, 0) + 2
    assert not [line for line in after if "hidden" in line or "secretword" in line]


def test_the_archive_and_its_index_are_told(library: Library, archive: Path) -> None:
    """Public items, the index's age, whether it is behind, and what was done about that."""
    reindexer = Reindexer(library)
    reindexer.state.updates, reindexer.state.failures = 3, 1
    found = figures(library, reindexer)
    assert found["coproarchive_items"] == 5
    assert 0 <= found["coproarchive_index_age_seconds"] < 600
    assert found["coproarchive_index_behind"] == 0
    assert found["coproarchive_pictures_waiting"] == 0
    assert found['coproarchive_index_updates_total{outcome="done"}'] == 3
    assert found['coproarchive_index_updates_total{outcome="failed"}'] == 1
    assert found["process_resident_memory_bytes"] > 0
    path = archive / "a-post" / "item.yaml"
    path.write_text(path.read_text().replace("title: ", "title: Other "))
    library.changed()
    assert figures(library)["coproarchive_index_behind"] == 1
    (archive / "archive.yaml").write_text("titel: x\n")
    library.changed()
    assert "coproarchive_items" not in figures(library)


def test_refused_sign_ins_are_counted(library: Library) -> None:
    hashed = argon2.PasswordHasher(1, 8, 1).hash("a long enough password")
    access = Access(Settings(host="0.0.0.0", password_hash=hashed))
    name = 'coproarchive_sign_in_refusals_total{reason="password"}'
    before = figures(library).get(name, 0)
    with TestClient(Starlette(routes=routes(library, access))) as client:
        token = client.get("/login").text.partition('name="token" value="')[2].partition('"')[0]
        wrong = client.post("/login", data={"token": token, "password": "wrong"})
        assert wrong.status_code == 403
    assert figures(library)[name] == before + 1


@pytest.mark.parametrize("place", ["9108", "host:", ":9108", "host:99999", "127.0.0.1:8501"])
def test_a_wrong_place_is_named(place: str) -> None:
    """The page's own port is one: there anybody could ask."""
    with pytest.raises(SettingsError, match="metrics"):
        load_settings({"metrics": place})
    assert load_settings({"metrics": "[::1]:9108"}).settings.metrics_place() == ("::1", 9108)


def test_requests_that_wait_are_told(library: Library) -> None:
    limits = RequestLimits(library.settings)

    def wait() -> None:
        with limits.exports.turn():
            pass

    with contextlib.ExitStack() as turns:
        turns.enter_context(limits.exports.turn())
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not limits.exports.queued:
            time.sleep(0.01)
        families = {f.name: f for f in LibraryCollector(library, None, limits).collect()}
    waiting.join()
    samples = families["coproarchive_requests_waiting"].samples
    assert {s.labels["kind"]: s.value for s in samples}["exports"] == 1
    assert sum(s.value for s in samples) == 1
