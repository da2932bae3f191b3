"""Files on their way in: on the disk, not in memory; bounded; gone with their page and sender."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from coproarchive.errors import IngestError
from coproarchive.settings import Settings
from coproarchive.web import uploads as uploads_module
from coproarchive.web.access import COOKIE
from coproarchive.web.upload_route import PREFIX, UploadsToDisk
from coproarchive.web.uploads import MEGABYTE, Upload, Uploads
from making import make_archive
from serving import HERE, serving
from streamlit_client import streamlit_page


def uploads_in(folder: Path, **settings: int) -> Uploads:
    """Uploads below a folder, of small limits."""
    limits = {"upload_file_mb": 2, "upload_session_mb": 3, "upload_total_mb": 4} | settings
    return Uploads(Settings(archive=folder / "archive", index=folder / "index", **limits))  # type: ignore[arg-type]


def send(uploads: Uploads, key: str, data: bytes, name: str = "talk.pdf") -> Upload:
    """Send a file as the route does."""
    upload = uploads.begin(key, HERE, name, len(data))
    for start in range(0, len(data), 65536):
        uploads.append(upload, data[start : start + 65536])
    uploads.finish(upload)
    return upload


def files_below(folder: Path) -> list[str]:
    """Names of all files below a folder, but for locks."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_an_upload_is_a_file_of_its_name(tmp_path: Path) -> None:
    """Found by its key, replaced by the next of the same key, removed when it is asked for."""
    uploads = uploads_in(tmp_path)
    send(uploads, "page/1", b"first")
    send(uploads, "page/1", b"second", "../../etc/passwd")
    path = uploads.find("page/1", "x")
    assert path.read_bytes() == b"second"
    assert path.is_relative_to(tmp_path / "index" / "uploads")
    send(uploads, "page/2", b"")
    assert uploads.find("page/2", "x").read_bytes() == b""
    uploads.remove("page/1")
    assert not path.exists()
    with pytest.raises(IngestError, match="no longer here"):
        uploads.find("page/1", "x")
    uploads.close()
    assert not list((tmp_path / "index" / "uploads").iterdir())


@pytest.mark.threat(12)
def test_uploads_are_bounded_a_file_a_page_and_in_all(tmp_path: Path) -> None:
    """The one that is too much is refused with what to do; the others stay."""
    uploads = uploads_in(tmp_path)
    half, whole = bytes(MEGABYTE // 2), bytes(MEGABYTE)
    send(uploads, "a/big", whole * 2 + b"x")
    for number in range(2):
        send(uploads, f"a/{number}", whole)
    send(uploads, "a/more", whole)
    send(uploads, "b/1", whole)
    send(uploads, "b/2", whole)
    for key, why in (
        ("a/big", "larger than 2 MB"), ("a/more", "too many large files"),
        ("b/2", "others are adding"),
    ):  # fmt: skip
        with pytest.raises(IngestError, match=why):
            uploads.find(key, "x")
    uploads.remove("a/0")
    send(uploads, "b/2", half)
    assert uploads.find("b/2", "x").stat().st_size == len(half)
    assert len(files_below(tmp_path)) == 3


def test_of_two_that_come_at_once_the_first_is_taken(tmp_path: Path) -> None:
    """Room is kept for what was begun, so that files sent side by side do not refuse each other."""
    uploads = uploads_in(tmp_path, upload_session_mb=1)
    first = uploads.begin("a/1", HERE, "x.pdf", 700_000)
    second = uploads.begin("a/2", HERE, "y.pdf", 700_000)
    for _ in range(7):
        uploads.append(first, bytes(100_000))
        uploads.append(second, bytes(100_000))
    assert first.problem == ""
    assert "too many large files" in second.problem
    uploads.close()


def test_a_size_that_is_not_said_is_counted(tmp_path: Path) -> None:
    """A sender that says less than it sends gains nothing."""
    uploads = uploads_in(tmp_path)
    upload = uploads.begin("a/1", HERE, "x.pdf", 0)
    for _ in range(3):
        uploads.append(upload, bytes(MEGABYTE))
    assert "larger than 2 MB" in upload.problem
    assert files_below(tmp_path) == []


@pytest.mark.threat(12)
def test_many_small_files_are_bounded(tmp_path: Path) -> None:
    """Files without a byte count as 64 KB."""
    uploads = uploads_in(tmp_path)
    problems = [send(uploads, f"a/{number}", b"").problem for number in range(60)]
    assert problems[:40] == [""] * 40
    assert "too many" in problems[-1]


@pytest.mark.parametrize(
    ("code", "why"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "could not keep it")]
)
def test_a_disk_that_takes_no_more_is_a_sentence(
    tmp_path: Path, code: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is removed; no path of the server in the message."""
    uploads = uploads_in(tmp_path)

    def full(_: Upload, __: bytes) -> None:
        raise OSError(code, os.strerror(code), str(tmp_path))

    with monkeypatch.context() as patched:
        patched.setattr(Upload, "append", full)
        send(uploads, "a/1", b"x")
    with pytest.raises(IngestError, match=why) as refused:
        uploads.find("a/1", "talk.pdf")
    assert str(tmp_path) not in str(refused.value)
    assert files_below(tmp_path) == []


def test_a_really_full_disk(tmp_path: Path) -> None:
    """A file system of 1 MB: refused at its end, and the room is given back."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting a small file system needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    try:
        uploads = uploads_in(tmp_path)
        assert "disk is full" in send(uploads, "a/1", bytes(2 * MEGABYTE)).problem
        assert send(uploads, "a/2", bytes(MEGABYTE // 2)).problem == ""
        uploads.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_uploads_go_with_their_page_and_with_their_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that lost its connection may come back for a while; who was signed out may not."""
    now = 1_000.0
    monkeypatch.setattr("coproarchive.web.uploads.time.monotonic", lambda: now)
    uploads = uploads_in(tmp_path)
    send(uploads, "open/1", b"x")
    send(uploads, "closed/1", b"x")
    connected = {"open"}
    for _ in range(3):
        uploads.sweep(connected.__contains__, lambda _: True)
        now += uploads_module.GRACE_SECONDS * 0.4
    assert len(files_below(tmp_path)) == 2
    now += uploads_module.GRACE_SECONDS
    uploads.sweep(connected.__contains__, lambda _: True)
    assert uploads.find("open/1", "x")
    with pytest.raises(IngestError):
        uploads.find("closed/1", "x")
    uploads.sweep(connected.__contains__, lambda _: False)
    assert files_below(tmp_path) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """And what one that runs keeps is not."""
    script = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom test_uploads import *\n"
        "send(uploads_in(Path(sys.argv[1])), 'a/1', b'x')\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=os.environ | {"PYTHONPATH": path},
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    running = uploads_in(tmp_path)
    send(running, "b/1", b"y", "kept.pdf")
    assert files_below(tmp_path) == ["kept.pdf", "talk.pdf"]
    uploads_in(tmp_path).start()
    assert files_below(tmp_path) == ["kept.pdf"]
    assert running.find("b/1", "x").read_bytes() == b"y"
    running.close()
    assert not list((tmp_path / "index" / "uploads").iterdir())


# ------------------------------------------------------------------- the route


@pytest.fixture
def taken() -> list[tuple[str, bytes]]:
    """What Streamlit was handed: names and bytes."""
    return []


@pytest.fixture
def route(tmp_path: Path, taken: list[tuple[str, bytes]]) -> Iterator[TestClient]:
    """The route with a stand-in for Streamlit, which does not take files of the page `refused`."""

    async def streamlit(request: Request) -> Response:
        if request.method == "PUT":
            form = await request.form()
            file = next(iter(form.values()))
            assert not isinstance(file, str)
            taken.append((file.filename or "", await file.read()))
            await form.close()
        return Response(status_code=400 if "refused" in request.url.path else 204)

    uploads = uploads_in(tmp_path)
    app = Starlette(
        routes=[Route("/{path:path}", streamlit, methods=["PUT", "DELETE", "OPTIONS", "GET"])],
        middleware=[
            Middleware(
                UploadsToDisk, uploads=uploads, is_open=lambda page: page in ("page", "refused")
            )
        ],
    )
    with TestClient(app) as client:
        client.uploads = uploads  # type: ignore[attr-defined]
        yield client
    uploads.close()


def test_streamlit_is_handed_a_key_instead_of_the_file(
    route: TestClient, taken: list[tuple[str, bytes]]
) -> None:
    """Name as sent; the file is on the disk under the key; DELETE removes it."""
    data = os.urandom(MEGABYTE)
    name = "Über „rye“ 2018.pdf"
    answer = route.put(f"{PREFIX}/page/f1", files={name: (name, data, "application/pdf")})
    assert answer.status_code == 204
    assert taken == [(name, b"page/f1")]
    uploads: Uploads = route.uploads  # type: ignore[attr-defined]
    path = uploads.find("page/f1", "x")
    assert path.read_bytes() == data
    assert path.name.endswith("2018.pdf")
    assert route.delete(f"{PREFIX}/page/f1").status_code == 204
    assert not path.exists()


def test_a_file_that_passes_a_limit_is_named_on_the_page(route: TestClient, tmp_path: Path) -> None:
    """Browsers show nothing but a number of a refused upload, so the page says why."""
    for number in range(2):
        route.put(f"{PREFIX}/page/{number}", files={"f": bytes(MEGABYTE)})
    sent = route.put(f"{PREFIX}/page/9", files={"f": bytes(MEGABYTE)})
    assert sent.status_code == 204
    uploads: Uploads = route.uploads  # type: ignore[attr-defined]
    with pytest.raises(IngestError, match="too many large files"):
        uploads.find("page/9", "f")
    assert len(files_below(tmp_path)) == 2


def test_what_no_browser_sends_is_refused(
    route: TestClient, taken: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    """Closed pages, too long bodies with and without a length, odd bodies, odd addresses."""
    file = {"f": b"x"}
    large = {"f": bytes(3 * MEGABYTE)}
    address = f"{PREFIX}/page/f1"

    def endless() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        for _ in range(100):
            yield bytes(65536)

    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    for status, answer in (
        (400, route.put(f"{PREFIX}/other/f1", files=file)),
        (413, route.put(address, files=large)),
        (413, route.put(address, content=endless(), headers=boundary)),
        (400, route.put(address, files={"f": b"x", "g": b"y"})),
        (400, route.put(address, data={"f": "no file"})),
        (400, route.put(address, content=b"x")),
        (400, route.put(address, content=b"x", headers=boundary)),
        (404, route.put(f"{PREFIX}/page/..", files=file)),
        (404, route.put(f"{PREFIX}/page/a/b", files=file)),
        (404, route.post(address, files=file)),
        (400, route.put(f"{PREFIX}/refused/f1", files=file)),
    ):
        assert answer.status_code == status, answer.url
    assert taken == [("upload", b"refused/f1")]
    assert files_below(tmp_path) == []


# ------------------------------------------------------------- really served


def memory_of(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.threat(12)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_large_uploads_stay_out_of_memory(tmp_path: Path) -> None:
    """Two of 150 MB: the peak of memory grows by less than one; a kill's remains are swept."""
    archive = make_archive(tmp_path / "archive")
    large = tmp_path / "large.pdf"
    with large.open("wb") as file:
        file.truncate(150 * MEGABYTE)
    stored = tmp_path / "index" / "uploads"
    with serving(tmp_path, archive) as page:
        with httpx2.Client(base_url=page.address, timeout=120) as keeper:
            keeper.get(page.link)
            keeper.get("/_stcore/health")
            cookies = "; ".join(f"{k}={v}" for k, v in keeper.cookies.items())
            assert COOKIE in cookies
            sent = {
                "Origin": page.address,
                "X-Xsrftoken": str(keeper.cookies["_streamlit_xsrf"]),
            }
            with streamlit_page(page.port, headers={"Cookie": cookies}) as opened:
                opened.open("add")
                before = memory_of(page.pid)
                for number in range(2):
                    with large.open("rb") as file:
                        address = f"{PREFIX}/{opened.session_id}/f{number}"
                        answer = keeper.put(address, files={"large.pdf": file}, headers=sent)
                    assert answer.status_code == 204, answer.text
                assert memory_of(page.pid) - before < 100 * MEGABYTE
        assert files_below(stored) == ["large.pdf", "large.pdf"]
        os.kill(page.pid, signal.SIGKILL)
    assert files_below(stored) == ["large.pdf", "large.pdf"]
    with serving(tmp_path, archive):
        assert not list(stored.iterdir())
