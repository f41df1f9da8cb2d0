"""A client of the server's websocket that is no browser and sends what it likes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

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
        self.words, self.session = "", ""
        self.tables: list[bytes] = []
        self.pressed: list[list[int]] = []  # of each group of buttons, which are

    def send(self, widgets: Mapping[str, str | bool] | None = None, query: str = "") -> None:
        """Ask for the page with these widgets filled in or pressed, and read what is drawn."""
        self._socket.send(self._message(widgets, query).SerializeToString())
        self._read()

    def press_often(self, widget: str, times: int, quiet_seconds: float = 3) -> None:
        """Press one button several times without waiting for any answer; the server may answer several at once."""
        for _ in range(times):
            self._socket.send(self._message({widget: True}, "").SerializeToString())
        with suppress(TimeoutError):
            while True:
                self._socket.recv(timeout=quiet_seconds)

    def _message(self, widgets: Mapping[str, str | bool] | None, query: str) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = self._page
        for widget, value in (widgets or {}).items():
            state = message.rerun_script.widget_states.widgets.add(id=widget)
            if isinstance(value, str):
                state.string_value = value
            else:
                state.trigger_value = value
        return message

    def _read(self) -> None:
        self._forget()
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=60))
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return
                self._forget()  # it runs once more by itself
            self.session = message.new_session.initialize.session_id or self.session
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self.buttons[element.button.label] = element.button
            elif element.WhichOneof("type") == "text_input":
                self.fields[element.text_input.label] = element.text_input
            elif element.WhichOneof("type") == "dataframe":
                self.tables.append(element.dataframe.arrow_data.data)
            elif element.WhichOneof("type") == "button_group":
                self.pressed.append(list(element.button_group.default))
            self.words += str(element.alert.body) + str(element.markdown.body) + str(element.progress.text)

    def _forget(self) -> None:
        self.buttons, self.fields, self.words, self.tables, self.pressed = {}, {}, "", [], []


@contextmanager
def forger(url: str, page: str) -> Iterator[Forger]:
    """A new session on a page of the server at this address."""
    stream = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(stream, subprotocols=["streamlit"], origin=url, max_size=None) as socket:
        yield Forger(page, socket)
