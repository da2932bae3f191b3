"""What passes over Streamlit's WebSocket: what our pages need, and nothing of this machine.

Streamlit tells each browser where the script lies, an id of the machine and what runs on it, and
takes requests of its development tools from whoever has the page open: about the git clone around
the script, to empty caches, to write files beside it. Neither is for readers.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

REQUESTS = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"})
"""Messages of browsers that pages are made of; all others are passed over."""


class SessionMessages:
    """Lets pages' own messages through, in both directions.

    Args:
        app: Streamlit's.
        script: name of the file that Streamlit runs; what it sends has it with its folder.
    """

    def __init__(self, app: ASGIApp, script: str):
        self._app = app
        self._script = script.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on; of a WebSocket, each message is looked at."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        async def received() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or _is_for_a_page(message):
                    return message

        async def sent(message: Message) -> None:
            data = message.get("bytes") or b""
            # Only the first message of a run names the script: the others are not taken apart.
            if message["type"] == "websocket.send" and self._script in data:
                message = {**message, "bytes": _without_the_machine(data)}
            await send(message)

        await self._app(scope, received, sent)


def _is_for_a_page(message: Message) -> bool:
    """Tell whether a browser's message is one that pages are made of."""
    request = BackMsg()
    try:
        request.ParseFromString(message.get("bytes") or b"")
    except DecodeError:
        return False
    return request.WhichOneof("type") in REQUESTS


def _without_the_machine(data: bytes) -> bytes:
    """Return a message without path and ids of the machine, where it is one that begins a run."""
    message = ForwardMsg()
    message.ParseFromString(data)
    if message.WhichOneof("type") != "new_session":
        return data
    session = message.new_session
    session.main_script_path = session.main_script_path.replace("\\", "/").rpartition("/")[2]
    user, environment = session.initialize.user_info, session.initialize.environment_info
    for field in list(user.DESCRIPTOR.fields_by_name):
        user.ClearField(field)
    # Streamlit's own version stays: by it a page sees that the server was upgraded, and reloads.
    environment.ClearField("python_version")
    environment.ClearField("server_os")
    return bytes(message.SerializeToString())
