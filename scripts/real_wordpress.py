"""Import a real WordPress over REST, edit it, import again, and compare with its own export.

    python scripts/real_wordpress.py [--install]

Needs root and Debian's wordpress, mariadb-server, php-cli and php-mysql; --install installs them.
The database listens on a socket only and PHP on the loopback only; both are stopped at the end.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coproarchive.ingest.wordpress.wxr import WxrSource

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("wordpress", "mariadb-server", "php-cli", "php-mysql")
SECONDS = 120
PRIVATE = (b"secret dough", b"@example.org", b"not yet", b"Nice")
"""Words of drafts, locked posts, comments and addresses, which must not come along."""
CONFIG = """<?php
define('DB_NAME', 'bread'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('FS_METHOD', 'direct');
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY','AUTH_SALT','SECURE_AUTH_SALT',
  'LOGGED_IN_SALT','NONCE_SALT'] as $name) {{ define($name, bin2hex(random_bytes(16))); }}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A command that must succeed within SECONDS."""
    done = subprocess.run(  # type: ignore[call-overload]
        words, text=True, capture_output=True, timeout=SECONDS, check=False, **more
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)[:200]}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done  # type: ignore[no-any-return]


def install() -> None:
    """The packages, without any of their services being started."""
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(
            ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y",  # noqa: S607
             "--no-install-recommends", *PACKAGES],
            check=True, timeout=900, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
    finally:
        if ours:
            policy.unlink()


@contextmanager
def servers(work: Path, address: str) -> Iterator[None]:
    """The database on a socket in `work`, and PHP at `address`."""
    data, sock, site = work / "db", work / "db.sock", work / "site"
    data.mkdir()
    shutil.chown(data, "mysql", "mysql")
    work.chmod(0o755)
    shutil.copytree("/usr/share/wordpress", site, symlinks=False, ignore_dangling_symlinks=True)
    (site / "wp-config.php").unlink(missing_ok=True)
    (site / "wp-config.php").write_text(CONFIG.format(socket=sock))
    (site / "wp-content" / "uploads").mkdir(exist_ok=True)
    run("mariadb-install-db", "--user=mysql", f"--datadir={data}", "--skip-test-db",
        "--auth-root-authentication-method=normal")  # fmt: skip
    log = (work / "servers.log").open("w")
    base = ["mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}"]
    base.append(f"--pid-file={data}/pid")
    database = subprocess.Popen(
        [*base, f"--socket={data}/sock", "--skip-networking"], stdout=log, stderr=log
    )
    php = None
    try:
        wait((data / "sock").exists, "the database")
        sock.symlink_to(data / "sock")
        run("mariadb", "-uroot", f"--socket={sock}", "-e", "CREATE DATABASE bread")
        php = subprocess.Popen(
            ["php", "-S", address.removeprefix("http://"), "-t", str(site)],  # noqa: S607
            stdout=log, stderr=log,
        )  # fmt: skip
        yield
    finally:
        for process in (php, database):
            if process is not None:
                process.terminate()
                process.wait(30)
        log.close()


def wait(ready: object, what: str) -> None:
    """Until it is ready, at most a minute."""
    for _ in range(300):
        if ready():  # type: ignore[operator]
            return
        time.sleep(0.2)
    raise SystemExit(f"{what} did not come up within a minute.")


def answers(address: str) -> bool:
    """Whether the site gives its REST root."""
    try:
        with urllib.request.urlopen(f"{address}/wp-json/", timeout=20) as answer:  # noqa: S310
            return answer.status == 200  # type: ignore[no-any-return]
    except OSError:
        return False


def bring(archive: Path, source: str, *more: str) -> dict[str, object]:
    """Import through the command line; the report."""
    words = (sys.executable, "-m", "coproarchive", "import", "wordpress", source, "--json", *more)
    where = ("--archive", str(archive), "--index", f"{archive}-index")
    return json.loads(run(*words, *where).stdout)  # type: ignore[no-any-return]


def tree(archive: Path) -> dict[str, bytes]:
    """Every file of an archive but the importer's own."""
    return {
        p.relative_to(archive).as_posix(): p.read_bytes()
        for p in sorted(archive.rglob("*"))
        if p.is_file() and not p.relative_to(archive).as_posix().startswith(".")
    }


def compare(one: Path, other: Path, when: str) -> bool:
    """Say where two archives differ."""
    a, b = tree(one), tree(other)
    different = [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]
    print(f"{when}: {len(a)} files over REST, {len(b)} by export, {len(different)} differ")
    for name in different:
        one_text, other_text = (
            f.get(name, b"").decode("utf-8", "replace").splitlines() for f in (a, b)
        )
        lines = difflib.unified_diff(one_text, other_text, f"REST {name}", "export", lineterm="")
        print("\n".join([*lines][:60]))
    return not different


def more_posts(export: Path, path: Path) -> Path:
    """The public posts and pages of an export as JSON for fill.php."""
    posts = [
        {"title": p.title, "content": p.content, "date": p.date, "type": p.type}
        for p in WxrSource([export]).posts()
        if p.type in ("post", "page") and p.status == "publish" and not p.protected
    ]
    path.write_text(json.dumps(posts))
    return path


def nothing_done(report: dict[str, object]) -> bool:
    """Whether an import found nothing to do."""
    steps = report["steps"]
    assert isinstance(steps, list)
    return not any(s["action"] in ("new", "changed", "conflict") for s in steps)


def said(report: dict[str, object]) -> str:
    """A report in a line."""
    steps = report["steps"]
    assert isinstance(steps, list)
    counted: dict[str, int] = {}
    for step in steps:
        counted[step["action"]] = counted.get(step["action"], 0) + 1
    return f"source {report['counts']}, steps {counted}"


def main() -> int:
    """Run it all; 0 if both archives were equal each time and nothing came twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install the Debian packages first")
    parser.add_argument("--more", type=Path, help="an export whose posts are put in too")
    given = parser.parse_args()
    if given.install:
        install()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    fill = (str(ROOT / "scripts" / "wordpress" / "fill.php"),)
    deck = next(p for p in sorted((ROOT / "archive").rglob("*.pptx")))
    env = {**os.environ, "BREAD_DECK": deck.relative_to(ROOT).as_posix()}
    good = True
    with tempfile.TemporaryDirectory(prefix="real-wordpress-") as folder:
        work = Path(folder)
        with servers(work, address):
            site = str(work / "site")
            if given.more:
                env["BREAD_MORE"] = str(more_posts(given.more, work / "more.json"))
            for what in ("install", "fill", *(["more"] if given.more else [])):
                run("php", *fill, site, address, what, env=env)
            wait(lambda: answers(address), "WordPress")
            rest, export = work / "rest", work / "export"
            for archive in (rest, export):
                run(sys.executable, "-m", "coproarchive", "init", "--archive", str(archive))
            for when in ("first", "edited"):
                if when == "edited":
                    run("php", *fill, site, address, "edit", env=env)
                fetched = ("--allow-private-addresses", "--download")
                print(f"{when}, over REST: {said(bring(rest, address, *fetched))}")
                again = bring(rest, address, *fetched)
                print(f"{when}, over REST again: {said(again)}")
                good &= nothing_done(again)
                wxr = work / f"{when}.xml"
                wxr.write_text(run("php", *fill, site, address, "export", env=env).stdout)
                print(f"{when}, by export: {said(bring(export, str(wxr), *fetched))}")
                good &= compare(rest, export, when)
                whole = b"\n".join(tree(rest).values())
                good &= not any(word in whole for word in PRIVATE)
    print("equal" if good else "NOT equal, or something came twice or leaked")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
