"""Run OpenSearch nodes on this machine, for tests and drills: loopback only, no passwords, no TLS.

    python scripts/opensearch_node.py start DIR [--port 9200] [--nodes 3]
    python scripts/opensearch_node.py stop DIR

The jars that opensearch_node.pom.xml names are fetched once by Maven, into
~/.cache/coproarchive/opensearch (or OPENSEARCH_NODE_HOME). Needs Maven, and a JDK of version 21 or
newer: the newest below /usr/lib/jvm, or JAVA_HOME. From Python: `missing()` says what is not
there, `start` starts a Node.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POM = Path(__file__).resolve().with_suffix(".pom.xml")
LEAST_JAVA = 21
HEAP = "256m"
START_SECONDS = 180.0

MODULES = {
    # Artifact of a plugin: name of its module, its class, and the module whose classes it extends.
    # Maven Central has the jars, but not these descriptors.
    "transport-netty4-client": (
        "transport-netty4",
        "org.opensearch.transport.Netty4ModulePlugin",
        "",
    ),
    "lang-painless": ("lang-painless", "org.opensearch.painless.PainlessModulePlugin", ""),
    "analysis-common": (
        "analysis-common",
        "org.opensearch.analysis.common.CommonAnalysisModulePlugin",
        "lang-painless",
    ),
}

CONFIGURATION = """\
cluster.name: {cluster}
node.name: {name}
path.data: {folder}/data
path.logs: {folder}/logs
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
{discovery}
# A full disk of a test machine must not stop writes.
cluster.routing.allocation.disk.threshold_enabled: false
# A misspelt name is an error, not an index with a guessed mapping.
action.auto_create_index: false
indices.query.bool.max_clause_count: 16384
# A lost node's copies are made anew soon, not after a minute.
cluster.fault_detection.follower_check.interval: 500ms
cluster.fault_detection.leader_check.interval: 500ms
"""

LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n%ex{short}
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""

JAVA_OPTIONS = """\
-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss1m -Djava.awt.headless=true -Dfile.encoding=UTF-8
-Djna.nosys=true -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true
-Dio.netty.recycler.maxCapacityPerThread=0 -Dlog4j.shutdownHookEnabled=false
-Dlog4j2.disable.jmx=true -Dopensearch.distribution.type=tar --enable-native-access=ALL-UNNAMED
""".split()

# A node refuses to run as root, which it finds out by JNA. In a container there is nobody else:
# without JNA's library it does not know, and does without locked memory.
AS_ROOT = ("-Djna.nounpack=true", "-Djna.boot.library.path=/nonexistent")


class NodeError(Exception):
    """A node cannot be run here; the message is for the user."""


# ------------------------------------------------------------------- what a node is made of


def java() -> Path | None:
    """Return the newest `java`, None where there is none of LEAST_JAVA or newer."""
    homes = [release.parent for release in Path("/usr/lib/jvm").glob("*/release")]
    if named := os.environ.get("JAVA_HOME"):
        homes.append(Path(named))
    versions = {}
    for home in homes:
        with contextlib.suppress(OSError):
            text = (home / "release").read_text(errors="replace")
            if (version := re.search(r'JAVA_VERSION="(\d+)', text)) and (
                home / "bin/java"
            ).exists():
                versions[int(version[1])] = home / "bin/java"
    newest = max(versions, default=0)
    return versions[newest] if newest >= LEAST_JAVA else None


def missing() -> str:
    """Say what is not there to run nodes; "" where nothing is."""
    lacking = [] if java() else [f"a JDK of version {LEAST_JAVA} or newer"]
    if not (_home() / "complete").exists() and not shutil.which("mvn"):
        lacking.append("Maven")
    return " and ".join(lacking)


def _home() -> Path:
    base = os.environ.get("OPENSEARCH_NODE_HOME")
    folder = Path(base) if base else Path.home() / ".cache/coproarchive/opensearch"
    version = re.search(r"<opensearch.version>(.+?)<", POM.read_text())
    assert version is not None
    return folder.absolute() / version[1]


def installed() -> Path:
    """Return the folder with lib/ and modules/; Maven fetches what belongs there the first time.

    Raises:
        NodeError: it cannot.
    """
    home = _home()
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may start at once
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            _install(home)
            (home / "complete").touch()
    return home


def _install(home: Path) -> None:
    jars, tree = home / "jars", home / "tree.txt"
    command = [
        "mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "dependency:tree",
        "-DincludeScope=runtime", f"-DoutputDirectory={jars}", f"-DoutputFile={tree}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeError(f"Maven failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    folder = home / "lib"
    for line in tree.read_text().splitlines()[1:]:
        branch = re.fullmatch(r"((?:[| ]  )*)[+\\]- (\S+).*", line)
        assert branch, line
        _, artifact, _, *classifier, version, _ = branch[2].split(":")
        if not branch[1]:  # a dependency of pom.xml itself
            folder = home / "lib"
            if artifact in MODULES:
                folder = home / "modules" / MODULES[artifact][0]
        folder.mkdir(parents=True, exist_ok=True)
        jar = "-".join([artifact, version, *classifier]) + ".jar"
        (jars / jar).rename(folder / jar)
    for name, class_name, extends in MODULES.values():
        properties = {
            "name": name, "description": name, "version": home.name,
            "opensearch.version": home.name, "java.version": str(LEAST_JAVA),
            "classname": class_name, "extended.plugins": extends, "has.native.controller": "false",
        }  # fmt: skip
        text = "".join(f"{key}={value}\n" for key, value in properties.items())
        (home / "modules" / name / "plugin-descriptor.properties").write_text(text)
    (home / "plugins").mkdir()


# ---------------------------------------------------------------------------------- nodes


@dataclass
class Node:
    """A node with a folder of its own.

    Attributes:
        folder: its configuration, data and log.
        port: of HTTP; that of other nodes is 100 more.
        seeds: ports of all nodes of the cluster; empty where it is alone.
        process: None while it does not run.
    """

    folder: Path
    port: int
    seeds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Address of HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; `wait` tells when it answers. Raises NodeError."""
        for port in (self.port, self.port + 100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    raise NodeError(f"Port {port} is taken.")
        program, home = java(), installed()
        if program is None:
            raise NodeError(f"There is no JDK of version {LEAST_JAVA} or newer.")
        config, temporary = self.folder / "config", self.folder / "tmp"
        for folder in (config, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        (config / "log4j2.properties").write_text(LOGGING)
        (config / "opensearch.yml").write_text(
            CONFIGURATION.format(
                cluster=f"coproarchive-{min([self.port, *self.seeds])}", name=f"node-{self.port}",
                folder=self.folder, port=self.port, transport=self.port + 100,
                discovery=self._discovery(),
            )
        )  # fmt: skip
        command = [
            str(program), f"-Xms{HEAP}", f"-Xmx{HEAP}", *JAVA_OPTIONS,
            *(AS_ROOT if os.geteuid() == 0 else ()),
            f"-Dopensearch.path.home={home}", f"-Dopensearch.path.conf={config}",
            f"-Djava.io.tmpdir={temporary}", "-cp", f"{home}/lib/*",
            "org.opensearch.bootstrap.OpenSearch",
        ]  # fmt: skip
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        (self.folder / "process").write_text(str(self.process.pid))

    def _discovery(self) -> str:
        if not self.seeds:
            return "discovery.type: single-node"
        hosts = [f"127.0.0.1:{port + 100}" for port in self.seeds]
        names = [f"node-{port}" for port in self.seeds]
        return (
            f"discovery.seed_hosts: {json.dumps(hosts)}\n"
            f"cluster.initial_cluster_manager_nodes: {json.dumps(names)}"
        )

    def wait(self, status: str = "yellow", nodes: int = 1) -> None:
        """Wait until its cluster has a status ("green", "yellow") and so many nodes.

        Raises:
            NodeError: it ended, or START_SECONDS went by.
        """
        end = time.monotonic() + START_SECONDS
        query = f"wait_for_status={status}&wait_for_nodes=>={nodes}&timeout=2s"
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError):
                if not self.ask(f"/_cluster/health?{query}").get("timed_out", True):
                    return
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.2)
        log = (self.folder / "node.log").read_text(errors="replace")[-3000:]
        raise NodeError(f"{self.url} is not {status} with {nodes} nodes:\n{log}")

    def ask(self, path: str) -> dict[str, object]:
        """Return the object at a path. Raises OSError."""
        return dict(self._json(path))

    def ask_list(self, path: str) -> list[dict[str, object]]:
        """Return the list at a path. Raises OSError."""
        return list(self._json(path))

    def _json(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=5) as response:  # noqa: S310 - http
            return json.load(response)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End it; by SIGKILL it has no time to put anything in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


def start(folder: Path, port: int, nodes: int = 1) -> list[Node]:
    """Start a cluster of nodes on ports that follow one another, and wait until it is green.

    Raises:
        NodeError: it cannot be started.
    """
    ports = range(port, port + nodes)
    seeds = tuple(ports) if nodes > 1 else ()
    cluster = [Node(folder.absolute() / f"node-{one}", one, seeds) for one in ports]
    try:
        for node in cluster:
            node.start()
        for node in cluster:
            node.wait("green", nodes)
    except BaseException:
        for node in cluster:
            node.stop(signal.SIGKILL)
        raise
    return cluster


def free_port() -> int:
    """Return a port that is free, as is the one 100 above it."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                other.bind(("127.0.0.1", port + 100))
                return port


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=9200, help="of the first node [9200]")
    parser.add_argument("--nodes", type=int, default=1, help="how many [1]")
    arguments = parser.parse_args()
    if arguments.command == "stop":
        for file in arguments.folder.glob("node-*/process"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGTERM)
            file.unlink()
        return 0
    try:
        if lacking := missing():
            raise NodeError(f"Not installed: {lacking}.")
        for node in start(arguments.folder, arguments.port, arguments.nodes):
            print(node.url)
    except (NodeError, urllib.error.URLError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
