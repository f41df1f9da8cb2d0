"""One visitor's websocket, spoken as the browser speaks it: ask for a page, read everything that is drawn."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE_SECONDS = 60.0


@dataclass
class Drawn:
    """What came back for one page that was asked for."""

    page: str
    seconds: float = 0.0
    size: int = 0  # bytes
    elements: Counter[str] = field(default_factory=Counter)
    links: dict[str, str] = field(default_factory=dict)  # page -> query of the last link that leads there
    faults: list[str] = field(default_factory=list)

    def add(self, message: ForwardMsg) -> None:
        """Take note of one message."""
        kind = message.WhichOneof("type")
        if kind == "page_not_found":
            self.faults.append(f"there is no page {self.page!r}")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._add(message.delta.new_element)

    def _add(self, element: Element) -> None:
        kind = element.WhichOneof("type") or "nothing"
        self.elements[kind] += 1
        if kind == "page_link":
            self.links[element.page_link.page] = element.page_link.query_string
        elif kind == "exception":
            self.faults.append(f"the page raised {element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.faults.append(f"the page said: {element.alert.body}")


class Stream:
    """A session on the server. Each ``ask`` waits until the server says that the page is finished."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def ask(self, page: str, query: str | Mapping[str, str] = "") -> Drawn:
        """Open a page (its name in the address; empty for the first) with the parameters of a link.

        Raises:
            TimeoutError: when it is not finished in time.
            websockets.exceptions.ConnectionClosed: when the server hangs up.
        """
        message, drawn = BackMsg(), Drawn(page)
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query if isinstance(query, str) else urlencode(query)
        start = time.perf_counter()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._socket.send(message.SerializeToString())
            await self._read(drawn)
        drawn.seconds = time.perf_counter() - start
        return drawn

    async def _read(self, drawn: Drawn) -> None:
        while True:
            data, message = await self._socket.recv(decode=False), ForwardMsg()
            message.ParseFromString(data)
            drawn.size += len(data)
            drawn.add(message)
            if message.WhichOneof("type") != "script_finished":
                continue
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                drawn.faults.append("the page could not be compiled")
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:  # then it runs once more by itself
                return


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Stream]:
    """A new session on the server at this address; it ends when the block does."""
    address, spoken = f"{url.replace('http', 'ws', 1)}/_stcore/stream", [Subprotocol("streamlit")]
    async with connect(
        address, subprotocols=spoken, origin=Origin(url), max_size=None, open_timeout=PATIENCE_SECONDS
    ) as socket:
        yield Stream(socket)
