"""A client of the server's websocket that is no browser and sends what it likes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Button_pb2 import Button
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.TextInput_pb2 import TextInput
from websockets.sync.client import ClientConnection, connect


class Forger:
    """One session on one page. It needs no button to be drawn to press it, only its id."""

    def __init__(self, page: str, socket: ClientConnection) -> None:
        self._page, self._socket = page, socket
        self.buttons: dict[str, Button] = {}
        self.fields: dict[str, TextInput] = {}
        self.words = ""

    def send(self, widgets: Mapping[str, str | bool] | None = None) -> None:
        """Ask for the page with these widgets filled in or pressed, and read what is drawn."""
        message = BackMsg()
        message.rerun_script.page_name = self._page
        for widget, value in (widgets or {}).items():
            state = message.rerun_script.widget_states.widgets.add(id=widget)
            if isinstance(value, str):
                state.string_value = value
            else:
                state.trigger_value = value
        self._socket.send(message.SerializeToString())
        self._read()

    def _read(self) -> None:
        self.buttons, self.fields, self.words = {}, {}, ""
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=60))
            if message.WhichOneof("type") == "script_finished":
                return
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self.buttons[element.button.label] = element.button
            elif element.WhichOneof("type") == "text_input":
                self.fields[element.text_input.label] = element.text_input
            self.words += str(element.alert.body) + str(element.markdown.body)


@contextmanager
def forger(url: str, page: str) -> Iterator[Forger]:
    """A new session on a page of the server at this address."""
    stream = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(stream, subprotocols=["streamlit"], origin=url, max_size=None) as socket:
        yield Forger(page, socket)
