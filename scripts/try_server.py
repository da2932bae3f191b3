"""Type docs/operate into a machine: python3 scripts/try_server.py TREE WHEELS.

TREE is a Debian as scripts/machine.py wants it, and is changed: give it a copy. WHEELS is a folder
with the project's wheel and those of requirements/run.txt (`pip download`), as the machine has no
network. From an empty /srv to an archive behind nginx with TLS, lost, restored and served as
before; every command and file is taken from the pages themselves. Needs Chromium. As root, on
Linux.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from _environment import ROOT
from machine import Machine
from operate_pages import Block, block_with

PAGES = ROOT / "docs" / "operate"
DECK = ROOT / "archive" / "6-coercive-environments" / "guide" / "guide-to-seminar-6.pptx"
SITE = "https://talks.example.org"
PASSWORD = "seventeen rye loaves"  # noqa: S105 - of a machine that is gone afterwards
HEALTH = "curl -sf http://127.0.0.1:8501/healthz"
IN_THE_PLACE_OF = {
    # No network: what is fetched lies there already.
    "sudo apt-get install": "dpkg --status",
    "backup.example.org:talks/": "/var/backups/talks/",
    # A certificate of our own, which the page says.
    "curl -s https": "curl -sk https",
}
"""What is typed otherwise than it stands on the page, and nothing else is."""


class Walk:
    """Types pages into a machine and stops at the first line that fails."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.typed = 0
        self._folder = "/root"

    def type_block(self, block: Block, given: str = "") -> str:
        """Type each line of a block; return what they said."""
        said = ""
        for line in block.commands:
            said += self.type_line(line, given)
        return said

    def type_line(self, line: str, given: str = "") -> str:
        """Type one line in the folder that the last `cd` led to; return what it says."""
        for page, machine in IN_THE_PLACE_OF.items():
            line = line.replace(page, machine)
        done = self.machine.run(f"cd {self._folder} && {line} && pwd > /run/folder", given)
        check(done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}")
        self._folder = self.machine.run("cat /run/folder").stdout.strip()
        self.typed += 1
        return done.stdout + done.stderr

    def write_file(self, block: Block) -> None:
        """Write the file that a page shows to the path that it names."""
        check(bool(block.path), f"no path is named before:\n{block.text}")
        self.machine.path(block.path).write_text(block.text, encoding="utf-8")
        self.typed += 1

    def wait_for(self, line: str, words: str, seconds: float = 90) -> None:
        """Type a line until it succeeds and says these words."""
        until = time.monotonic() + seconds
        said = ""
        while time.monotonic() < until:
            done = self.machine.run(line)
            said = done.stdout + done.stderr
            if done.returncode == 0 and words in said:
                return
            time.sleep(0.5)
        journal = self.machine.run(
            "journalctl -u coproarchive --no-pager -n 40 | grep -v healthz"
        ).stdout
        check(False, f"{line} does not say {words!r} but:\n{said}\n{journal}")


def install_and_serve(walk: Walk) -> None:
    """Type docs/operate/service.md."""
    page = PAGES / "service.md"
    walk.type_block(block_with(page, "pip install coproarchive"))
    shutil.copyfile(DECK, walk.machine.path("/tmp/why-rye.pptx"))  # noqa: S108
    said = walk.type_block(block_with(page, "coproarchive init"))
    check("added 1-beginnings/" in said, said)
    walk.type_block(block_with(page, "password --file"), f"{PASSWORD}\n{PASSWORD}\n")
    walk.write_file(block_with(page, "[Unit]"))
    block = block_with(page, "enable --now")
    *before, health = block.commands
    for line in before:
        walk.type_line(line)
    walk.wait_for(health.replace("curl -s", "curl -sf"), "")
    confined(walk)


def confined(walk: Walk) -> None:
    """Stop unless systemd took from the service what the unit says."""
    show = "systemctl show --property=MainPID --value coproarchive"
    number = walk.machine.run(show).stdout.strip()
    status = walk.machine.run(f"cat /proc/{number}/status").stdout
    for line in ("CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        check(line in status, f"not so: {line}\n{status}")
    score = walk.machine.run("systemd-analyze security coproarchive --no-pager").stdout
    print(score.strip().splitlines()[-1].strip("→ "), flush=True)


def behind_nginx(walk: Walk) -> None:
    """Type docs/operate/proxy.md."""
    page = PAGES / "proxy.md"
    walk.type_block(block_with(page, "apt-get install nginx"))
    walk.write_file(block_with(page, "ssl_certificate_key"))
    walk.type_block(block_with(page, "openssl req"))
    said = walk.type_block(block_with(page, "nginx -t"))
    check("test is successful" in said, said)
    record = walk.machine.path("/srv/talks/archive/archive.yaml")
    record.write_text(record.read_text() + block_with(page, "address: https").text)
    walk.wait_for(f"curl -sk {SITE}/sitemap.xml", f"<loc>{SITE}/item/", 30)
    redirect = walk.machine.run("curl -si http://talks.example.org/people").stdout
    check(
        f"Location: {SITE}/people" in redirect or f"location: {SITE}/people" in redirect, redirect
    )


def add_beside(walk: Walk) -> None:
    """Type the last commands of docs/operate/service.md: the page takes the change up by itself."""
    text = "# Why oats\n\nThe porridge of Tuesdays.\n"
    walk.machine.path("/tmp/why-oats.md").write_text(text, encoding="utf-8")  # noqa: S108
    walk.type_block(block_with(PAGES / "service.md", "why-oats.md"))
    walk.type_block(block_with(PAGES / "service.md", "coproarchive doctor"))
    walk.wait_for(f"curl -sk '{SITE}/results.csv?q=porridge'", "Why oats", 30)


def answers(walk: Walk) -> dict[str, str]:
    """Return sha256 of what each public address answers: pages, table, files, pictures' page."""
    sitemap = walk.machine.run(f"curl -sk {SITE}/sitemap.xml").stdout
    pages = [part.partition("</loc>")[0] for part in sitemap.split("<loc>")[1:]]
    addresses = [*pages, f"{SITE}/seminars", f"{SITE}/people", f"{SITE}/results.csv?q=power"]
    for page in pages:
        if "/item/" in page:
            html = walk.machine.run(f"curl -sk {page}").stdout
            files = [part.partition('"')[0] for part in html.split('href="/file/')[1:]]
            addresses += [f"{SITE}/file/{name}" for name in files]
    check(any("/file/" in address for address in addresses), f"no file is offered: {addresses}")
    said = {}
    for address in addresses:
        done = walk.machine.run(f"curl -sk --fail '{address}' | sha256sum; exit ${{PIPESTATUS[0]}}")
        check(done.returncode == 0, f"{address}: {done.stderr}")
        said[address] = done.stdout
    return said


def lose_and_restore(walk: Walk) -> int:
    """Type docs/operate/backup.md with a disaster in it; return how many answers are as before."""
    page = PAGES / "backup.md"
    walk.type_line("mkdir -p /var/backups/talks")
    walk.type_block(block_with(page, "--delete /srv"))
    before = answers(walk)
    walk.machine.run("rm -rf /srv/talks/archive /srv/talks/index /srv/talks/.[a-z]*")
    said = walk.type_block(block_with(page, "systemctl start"))
    check("0 errors" in said, said)
    walk.wait_for(HEALTH, "")
    after = answers(walk)
    different = [address for address in before if before[address] != after.get(address)]
    check(before.keys() == after.keys() and not different, f"not as before: {different}")
    walk.type_block(block_with(page, "restored-copy check"))
    return len(after)


def upgrade(walk: Walk) -> None:
    """Type docs/operate/upgrade.md, with an archive as 0.1.0 wrote it and the same wheel again."""
    page = PAGES / "upgrade.md"
    walk.machine.run("sed -i '/^format:/d' /srv/talks/archive/archive.yaml")
    walk.type_block(block_with(page, "systemctl stop"))
    said = walk.type_block(block_with(page, "upgrade --dry-run"))
    check("Copied what changed to archive/.backups/format-1-" in said, said)
    walk.type_block(block_with(page, "systemctl start"))
    walk.wait_for(HEALTH, "")


def in_a_browser(walk: Walk) -> None:
    """Search, sign in and look at the form in Chromium, which sees the machine's network alone."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the tests

    chromium = os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium")
    check(chromium is not None, "there is no chromium on this machine")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        program = Path(folder) / "chromium"
        words = " ".join(walk.machine.entered(network_alone=True))
        program.write_text(f'#!/bin/sh\nexec {words} {chromium} "$@"\n')
        program.chmod(0o700)
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP talks.example.org 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=str(program), args=arguments)
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(f"{SITE}/?q=porridge")
        page.get_by_text("Why oats").first.wait_for(timeout=30_000)
        check(bool(sockets) and sockets[0].startswith("wss://"), f"WebSockets: {sockets}")
        check(not context.cookies(), f"a reader has cookies: {context.cookies()}")
        page.goto(f"{SITE}/login")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button").first.click()
        page.wait_for_load_state()
        cookies = context.cookies()
        check(bool(cookies), f"not signed in: {page.content()[:500]}")
        page.goto(f"{SITE}/add")
        page.locator("input[type=file]").first.wait_for(state="attached", timeout=30_000)
        loose = [cookie for cookie in context.cookies() if not cookie["secure"]]
        check(not loose, f"cookies that plain HTTP gets: {loose}")
        browser.close()


def check(holds: bool, otherwise: str) -> None:
    """Stop with what is wrong, unless it holds."""
    if not holds:
        raise SystemExit(f"docs/operate does not work: {otherwise}")


def main(tree: Path, wheels: Path) -> None:
    """Walk, and say what was done."""
    inside = tree / "opt" / "wheels"
    shutil.copytree(wheels, inside, dirs_exist_ok=True)
    (tree / "etc" / "hosts").write_text("127.0.0.1 localhost talks talks.example.org\n")
    (tree / "etc" / "hostname").write_text("talks\n")
    (tree / "etc" / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /opt/wheels\n")
    digest = hashlib.sha256(DECK.read_bytes()).hexdigest()
    machine = Machine(tree)
    try:
        walk = Walk(machine)
        install_and_serve(walk)
        behind_nginx(walk)
        add_beside(walk)
        in_a_browser(walk)
        same = lose_and_restore(walk)
        in_a_browser(walk)
        upgrade(walk)
        sums = machine.run("find /srv/talks/archive -type f | xargs sha256sum").stdout
        check(digest in sums, f"the deck is not what was added: {sums}")
        journal = machine.run("journalctl -u coproarchive --no-pager").stdout
        check("Traceback" not in journal, journal)
    finally:
        machine.close()
    report = {"lines and files typed": walk.typed, "answers the same after the loss": same}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3 or os.geteuid() != 0:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
