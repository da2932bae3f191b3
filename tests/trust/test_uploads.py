"""Files on their way in: on the disk, not in memory; bounded; what came whole waits as a draft."""

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

from coproarchive.desk.drafts import Shelf
from coproarchive.settings import Settings
from coproarchive.web import uploads as uploads_module
from coproarchive.web.access import COOKIE
from coproarchive.web.upload_route import PREFIX, UploadsToDisk
from coproarchive.web.uploads import MEGABYTE, Upload, Uploads
from making import make_archive
from serving import HERE, serving
from streamlit_client import streamlit_page


def uploads_in(folder: Path, **other_limits: int) -> Uploads:
    """Uploads below a folder, of small limits."""
    limits = {"upload_file_mb": 2, "upload_session_mb": 3, "upload_total_mb": 4} | other_limits
    (folder / "archive").mkdir(exist_ok=True)
    settings = Settings(archive=folder / "archive", index=folder / "index", **limits)  # type: ignore[arg-type]
    return Uploads(settings, Shelf(settings.archive))


def send(uploads: Uploads, key: str, data: bytes, name: str = "talk.pdf") -> Upload:
    """Send a file as the route does."""
    upload = uploads.begin(key, HERE, name, len(data))
    for start in range(0, len(data), 65536):
        uploads.append(upload, data[start : start + 65536])
    uploads.finish(upload)
    return upload


def files_below(folder: Path) -> list[str]:
    """Names of all files below a folder, but for locks and what is said of drafts."""
    files = (p for p in folder.rglob("*") if p.is_file() and ".lock" not in (p.suffix, p.name))
    return sorted(p.name for p in files if p.name != "draft.json")


def drafts_of(uploads: Uploads, page: str) -> list[Path]:
    """Files that wait of a page."""
    shelf, set_id = uploads._shelf, uploads.set_of(page)
    return [shelf.folder_of(set_id) / path for path in shelf.files_of(set_id)] if set_id else []


def test_an_upload_is_a_file_of_its_name(tmp_path: Path) -> None:
    """A draft of its page, replaced by the next of the same key, removed when it is asked for."""
    uploads = uploads_in(tmp_path)
    send(uploads, "page/1", b"first")
    send(uploads, "page/1", b"second", "../../etc/passwd")
    (path,) = drafts_of(uploads, "page")
    assert path.read_bytes() == b"second"
    assert path.is_relative_to(tmp_path / "archive" / ".drafts")
    assert path.parts[-2:] == ("etc", "passwd")
    send(uploads, "page/2", b"")
    assert [p.read_bytes() for p in drafts_of(uploads, "page")] == [b"second", b""]
    send(uploads, "other/1", b"third")
    assert [p.read_bytes() for p in drafts_of(uploads, "other")] == [b"third"]
    uploads.remove("page/1")
    assert not path.exists()
    assert "passed over" in send(uploads, "page/3", b"x", "talks/.DS_Store").problem
    uploads.forget("page/2")  # it is a row of the page's table now
    uploads.remove("page/2")
    assert len(drafts_of(uploads, "page")) == 1
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
        ("b/2", "files wait to be added"),
    ):  # fmt: skip
        assert why in uploads.problem_of(key)
    uploads.remove("a/0")
    assert send(uploads, "b/2", half).problem == ""
    assert len(files_below(tmp_path)) == 3
    restarted = uploads_in(tmp_path)
    assert "files wait to be added" in send(restarted, "c/1", whole * 2).problem


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
    assert why in uploads.problem_of("a/1")
    assert str(tmp_path) not in uploads.problem_of("a/1")
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


def test_what_is_half_sent_goes_with_its_page_and_with_its_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that lost its connection may come back for a while; what came whole waits for it."""
    now = 1_000.0
    monkeypatch.setattr("coproarchive.web.uploads.time.monotonic", lambda: now)
    uploads = uploads_in(tmp_path)
    for page in ("open", "closed"):
        send(uploads, f"{page}/1", b"x", f"whole-{page}.pdf")
        uploads.append(uploads.begin(f"{page}/2", HERE, f"half-{page}.pdf", 2), b"x")
    connected = {"open"}
    for _ in range(3):
        uploads.sweep(connected.__contains__, lambda _: True)
        now += uploads_module.GRACE_SECONDS * 0.4
    assert len(files_below(tmp_path)) == 4
    now += uploads_module.GRACE_SECONDS
    uploads.sweep(connected.__contains__, lambda _: True)
    whole = ["whole-closed.pdf", "whole-open.pdf"]
    assert files_below(tmp_path) == ["half-open.pdf", *whole]
    uploads.sweep(connected.__contains__, lambda _: False)
    assert files_below(tmp_path) == whole
    uploads.close()


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """And what one that runs keeps is not; what came whole before waits."""
    script = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom test_uploads import *\n"
        "uploads = uploads_in(Path(sys.argv[1]))\nsend(uploads, 'a/1', b'x', 'whole.pdf')\n"
        "uploads.append(uploads.begin('a/2', HERE, 'half.pdf', 2), b'x')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=os.environ | {"PYTHONPATH": path},
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    running = uploads_in(tmp_path)
    running.append(running.begin("b/1", HERE, "coming.pdf", 2), b"y")
    assert files_below(tmp_path) == ["coming.pdf", "half.pdf", "whole.pdf"]
    uploads_in(tmp_path).start()
    assert files_below(tmp_path) == ["coming.pdf", "whole.pdf"]
    running.close()
    assert files_below(tmp_path) == ["whole.pdf"]
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
    (path,) = drafts_of(uploads, "page")
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
    assert "too many large files" in uploads.problem_of("page/9")
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
    """Two of 150 MB: the peak of memory grows by less than one; they wait after a kill."""
    archive = make_archive(tmp_path / "archive")
    large = tmp_path / "large.pdf"
    with large.open("wb") as file:
        file.truncate(150 * MEGABYTE)
    stored = archive / ".drafts"
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
        assert files_below(stored) == ["large-2.pdf", "large.pdf"]
        os.kill(page.pid, signal.SIGKILL)
    with serving(tmp_path, archive):
        assert files_below(stored) == ["large-2.pdf", "large.pdf"]
        assert not list((tmp_path / "index" / "uploads").iterdir())
