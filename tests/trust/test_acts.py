"""Who may act, asked of a page that is served: links, cookies, proxies, replayed messages."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import argon2
import httpx2
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus

from coproarchive.web.access import COOKIE
from making import make_archive
from serving import Served, serving
from streamlit_client import streamlit_page

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DEFAULTS = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
  scgi_temp_path s;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:LISTEN;
    location / {
      proxy_pass http://127.0.0.1:UPSTREAM;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
"""
"""What nginx does if nobody says otherwise, but for the two lines that any WebSocket needs."""

UPLOADER = "file_uploader"
REFUSED = "those who keep the archive"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small archive, served to this machine without a password."""
    folder = tmp_path_factory.mktemp("acts")
    with serving(folder, make_archive(folder / "archive")) as page:
        yield page


@pytest.fixture(scope="module")
def nginx(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx as it is installed, in front of the page."""
    if NGINX is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    port = served.port + 1 if served.port < 65535 else served.port - 1
    text = DEFAULTS.replace("LISTEN", str(port)).replace("UPSTREAM", str(served.port))
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def session_of(link: str) -> str:
    """The session id that opening the link gives."""
    with httpx2.Client() as browser:
        browser.get(link)
        return browser.cookies.get(COOKIE) or ""


@pytest.mark.threat(8)
def test_nobody_adds_without_the_link(served: Served) -> None:
    """A browser here, a program here, and what nginx's defaults make of a made-up Origin.

    Those send the Host of proxy_pass, the client's own Origin and no word about themselves: to the
    letter what a browser on this machine sends.
    """
    for origin in ("", None):
        with streamlit_page(served.port, origin) as page:
            shown = page.open("add")
            assert REFUSED in shown
            assert UPLOADER not in shown


@pytest.mark.threat(7)
def test_the_defaults_of_nginx_let_nobody_act(served: Served, nginx: int) -> None:
    """Through the real one: refused as a reader, with a made-up Origin, with a guessed link."""
    with streamlit_page(nginx, served.address) as page:
        assert REFUSED in page.open("add")
        assert UPLOADER not in page.open("add")
        upload = f"/_stcore/upload_file/{page.session_id}/x"
    with pytest.raises(InvalidStatus), streamlit_page(nginx, "https://archive.example"):
        pass
    with httpx2.Client(base_url=f"http://127.0.0.1:{nginx}") as stranger:
        guess = stranger.get("/keeper?token=guess")
        assert guess.status_code == 403
        assert "set-cookie" not in guess.headers
        sent = stranger.put(upload, files={"file": b"x"}, headers={"Origin": served.address})
        assert sent.status_code == 403


@pytest.mark.threat(8)
def test_signing_out_ends_open_pages(served: Served) -> None:
    """Link, form, signed out: the open page, its replayed message and the old cookie are refused.

    The link is good once, so one test does all that needs it.
    """
    session_id = session_of(served.link)
    cookie = {"Cookie": f"{COOKIE}={session_id}"}
    assert session_of(served.link) == ""
    with streamlit_page(served.port, headers=cookie) as page:
        assert UPLOADER in page.open("add")
        lost = page.session_id
    # Whoever knows the id of a keeper's page that lost its connection goes on as themselves.
    with streamlit_page(served.port, resume=lost) as page:
        assert UPLOADER not in page.open("add")
        assert page.session_id == lost
    with streamlit_page(served.port, headers=cookie) as page:
        assert UPLOADER in page.open("add")
        with (
            pytest.raises(InvalidStatus),
            streamlit_page(served.port, "http://127.0.0.1:9", cookie),
        ):
            pass
        with httpx2.Client(base_url=served.address, headers=cookie) as keeper:
            foreign = keeper.post("/logout", headers={"Origin": "http://127.0.0.1:9"})
            assert foreign.status_code == 403
            assert UPLOADER in page.open("add")
            keeper.post("/logout", headers={"Origin": served.address})
            upload = f"/_stcore/upload_file/{page.session_id}/x"
            late = keeper.put(upload, files={"file": b"x"}, headers={"Origin": served.address})
            assert late.status_code == 403
        shown = page.open("add")
        assert "Your sign-in has ended" in shown
        assert UPLOADER not in shown
    with streamlit_page(served.port, headers=cookie) as page:
        assert UPLOADER not in page.open("add")


def test_a_new_password_ends_what_is_open(tmp_path: Path) -> None:
    """The password's file is replaced while the page is served: nothing has to be restarted."""
    file = tmp_path / "password"
    password = "a long enough password"
    file.write_text(argon2.PasswordHasher().hash(password))
    archive = make_archive(tmp_path / "archive")
    with serving(tmp_path, archive, COPROARCHIVE_PASSWORD_FILE=str(file)) as page:
        assert not page.link
        with httpx2.Client(base_url=page.address, headers={"Origin": page.address}) as keeper:
            form = keeper.get("/login").text
            token = form.partition('name="token" value="')[2].partition('"')[0]
            keeper.post("/login", data={"token": token, "password": password})
            cookie = {"Cookie": f"{COOKIE}={keeper.cookies.get(COOKIE)}"}
        with streamlit_page(page.port, headers=cookie) as opened:
            assert UPLOADER in opened.open("add")
            file.write_text(argon2.PasswordHasher().hash("quite another password"))
            assert "Your sign-in has ended" in opened.open("add")


@pytest.mark.threat(16)
def test_a_page_tells_nothing_of_the_machine(served: Served) -> None:
    """Streamlit would send the script's path, an id of the machine, and what runs on it."""
    with streamlit_page(served.port) as page:
        shown = page.open(query="q=bread")
    assert "new_session" in shown
    for told in (str(served.archive.parent), "/ui/", "installation_id", "python_version"):
        assert told not in shown


@pytest.mark.threat(8)
def test_requests_of_development_tools_are_passed_over(served: Served) -> None:
    """Git's state around the script, caches, files written beside it: and the page goes on."""
    with streamlit_page(served.port) as page:
        page.open()
        for wish in (BackMsg(load_git_info=True), BackMsg(clear_cache=True)):
            page.send(wish.SerializeToString())
        asked = BackMsg()
        asked.backend_operation_request.request_id = "1"
        asked.backend_operation_request.session_id = page.session_id
        asked.backend_operation_request.install_skills.SetInParent()
        for data in (asked.SerializeToString(), b"\xff\xff", b""):
            page.send(data)
        shown = page.open(query="q=bread")
    assert "bread-for-all" in shown
    assert "git_info_changed" not in shown
    assert "backend_operation_response" not in shown
