"""deploy/nginx.conf as it is shown, with Debian's nginx, a certificate of our own, and Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import argon2
import pytest
from playwright.sync_api import Browser, Page

from coproarchive.web.access import COOKIE
from making import make_archive, make_pdf
from serving import serving

ROOT = Path(__file__).resolve().parents[2]
NAME = "talks.example.org"
PASSWORD = "seventeen rye loaves"
LIVE = f"/etc/letsencrypt/live/{NAME}"

# What Debian's nginx.conf is around a site, in a folder of the test.
AROUND = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxied:
    """A page behind nginx.

    Attributes:
        tls, plain: ports of HTTPS and HTTP.
        behind: the port that coproarchive itself answers on.
    """

    tls: int
    plain: int
    behind: int

    @property
    def address(self) -> str:
        """What its addresses begin with."""
        return f"https://{NAME}:{self.tls}"


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def configured(folder: Path, ports: Proxied) -> Path:
    """deploy/nginx.conf with these ports and a new certificate; return the file to start with."""
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for shown, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{ports.tls} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{ports.plain};"),
        ("127.0.0.1:8501", f"127.0.0.1:{ports.behind}"),
        (LIVE, str(folder)),
    ):
        assert shown in site
        site = site.replace(shown, here)
    (folder / "site.conf").write_text(site, encoding="utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    words += ["-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder / "nginx.conf"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """The small archive with a password, behind nginx; a skip where there is no nginx."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("proxied")
    archive = make_archive(folder / "archive")
    with (archive / "archive.yaml").open("a", encoding="utf-8") as record:
        record.write(f"address: https://{NAME}\n")
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    with serving(folder, archive, COPROARCHIVE_PASSWORD_HASH=hashed) as page:
        ports = Proxied(free_port(), free_port(), page.port)
        words = [nginx, "-e", str(folder / "error.log"), "-c", str(configured(folder, ports))]
        process = subprocess.Popen([*words, "-g", "daemon off;"])
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                assert process.poll() is None, (folder / "error.log").read_text()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", ports.tls)) == 0:
                        break
                time.sleep(0.1)
            yield ports
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def reader(browser: Browser, proxied: Proxied) -> Iterator[Page]:
    """A tab of a browser to which the name leads here, and that takes the certificate."""
    chromium = browser.browser_type.launch(
        executable_path=os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium"),
        args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
    )
    context = chromium.new_context(ignore_https_errors=True)
    yield context.new_page()
    chromium.close()


def test_plain_http_leads_to_tls(proxied: Proxied) -> None:
    """The site is asked for by its name, and nothing but a redirect comes without TLS."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    request = urllib.request.Request(f"http://127.0.0.1:{proxied.plain}/people")
    request.add_header("Host", NAME)
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(Stay).open(request, timeout=20)
    assert answer.value.code == 301
    assert answer.value.headers["Location"] == f"https://{NAME}/people"
    answer.value.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_spoken(proxied: Proxied, version: ssl.TLSVersion) -> None:
    """The certificate is the one that was made, for the name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", proxied.tls), 20) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_a_reader_searches_and_a_keeper_signs_in(
    proxied: Proxied, reader: Page, tmp_path: Path
) -> None:
    """Results come over a WebSocket with TLS; the session's cookie is for TLS and no script."""
    sockets: list[str] = []
    reader.on("websocket", lambda opened: sockets.append(opened.url))
    reader.goto(f"{proxied.address}/?q=millstone")
    reader.get_by_text("Bread for all").first.wait_for(timeout=30_000)
    assert [url.partition(":")[0] for url in sockets] == ["wss"]
    assert reader.context.cookies() == []  # no reader is counted
    reader.goto(f"{proxied.address}/add")
    reader.get_by_text("sign in", exact=False).first.wait_for(timeout=30_000)
    assert reader.locator("input[type=file]").count() == 0
    reader.goto(f"{proxied.address}/login")
    reader.locator("input[type=password]").fill(PASSWORD)
    reader.locator("main form button").click()
    reader.wait_for_url(lambda url: not url.endswith("/login"))
    cookies = {cookie["name"]: cookie for cookie in reader.context.cookies()}
    assert (cookies[COOKIE]["secure"], cookies[COOKIE]["httpOnly"]) == (True, True)
    reader.goto(f"{proxied.address}/add")
    upload = reader.locator("input[type=file]").first
    upload.wait_for(state="attached", timeout=30_000)
    assert all(cookie["secure"] for cookie in reader.context.cookies())
    upload.set_input_files(make_pdf(tmp_path / "why-rye.pdf", ["Why rye", "Sow in October"]))
    reader.get_by_text("why-rye.pdf").first.wait_for(timeout=30_000)
