"""A browser's part of Streamlit's protocol: what a page of ours, or a stranger's program, sends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

SECONDS = 60.0


class StreamlitClient:
    """An open page: reruns its script and keeps what it shows.

    Attributes:
        session_id: Streamlit's, from its first answer.
    """

    def __init__(self, connection: ClientConnection):
        self._connection = connection
        self.session_id = ""

    def open(self, page: str = "", query: str = "") -> str:
        """Run the script for a page; return what it shows."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        self.send(message.SerializeToString())
        return self.read()

    def send(self, data: bytes) -> None:
        """Send a message as it is."""
        self._connection.send(data)

    def read(self) -> str:
        """Read until the script has finished; return what it shows."""
        pieces: list[str] = []
        until = time.monotonic() + SECONDS
        while True:
            message = ForwardMsg()
            data = self._connection.recv(until - time.monotonic(), decode=False)
            message.ParseFromString(data)
            if message.WhichOneof("type") == "new_session":
                self.session_id = message.new_session.initialize.session_id or self.session_id
                pieces.clear()
            pieces.append(str(message))
            if message.WhichOneof("type") == "script_finished":
                return "\n".join(pieces)


@contextmanager
def streamlit_page(
    port: int, origin: str | None = "", headers: dict[str, str] | None = None, resume: str = ""
) -> Iterator[StreamlitClient]:
    """Open the WebSocket of a page served on this machine.

    Args:
        port: of the server.
        origin: of the asking page; "" for the server's own, None for none.
        headers: besides, such as Cookie.
        resume: Streamlit's id of a page that lost its connection, to go on with.
    """
    own = f"http://127.0.0.1:{port}"
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=own if origin == "" else origin,  # type: ignore[arg-type]  # a NewType of str
        subprotocols=["streamlit", *(["none", resume] if resume else [])],  # type: ignore[list-item]  # a NewType of str
        additional_headers=headers,
        max_size=None,
        proxy=None,
    ) as connection:
        yield StreamlitClient(connection)
