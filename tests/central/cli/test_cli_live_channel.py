"""One live connection, against a server of the library's own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.sync.server import Request, Response, ServerConnection, serve

from central.cli.live_channel import Ended, NotTaken, texts


@contextmanager
def serving(
    talk: Callable[[ServerConnection], None],
    first: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0, process_request=first) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/live"
        finally:
            server.shutdown()
            thread.join()


def test_it_gives_each_message_and_none_while_nothing_is_said():
    go_on = threading.Event()

    def talk(socket: ServerConnection) -> None:
        assert socket.request is not None and socket.request.headers["Authorization"] == "Bearer x"
        socket.send("one")
        go_on.wait(10)
        socket.send("two")
        socket.close(4001, "enough")

    with serving(talk) as address:
        said = texts(address, {"Authorization": "Bearer x"}, None, 0.01)
        assert next(said) == "one"
        assert next(said) is None
        go_on.set()
        assert next(text for text in said if text is not None) == "two"
        with pytest.raises(Ended, match="enough") as ended:
            next(said)
        assert ended.value.code == 4001


def test_a_connection_that_breaks_says_so():
    with serving(lambda socket: socket.socket.shutdown(2)) as address, pytest.raises(Ended) as ended:
        next(texts(address, {}, None))
    assert ended.value.code is None and str(ended.value) == "the connection broke"


def test_who_stops_reading_leaves():
    left = threading.Event()

    def talk(socket: ServerConnection) -> None:
        socket.send("one")
        for _ in socket:
            pass
        left.set()

    with serving(talk) as address:
        said = texts(address, {}, None)
        next(said)
        said.close()
        assert left.wait(10)


def test_another_answer_is_named():
    def refuse(socket: ServerConnection, request: Request) -> Response:
        return socket.respond(HTTPStatus.NOT_FOUND, "no")

    with serving(lambda socket: None, refuse) as address, pytest.raises(NotTaken, match="404"):
        next(texts(address, {}, None))


def test_nobody_there_is_an_error_of_the_system():
    with serving(lambda socket: None) as address:
        pass
    with pytest.raises(OSError):
        next(texts(address, {}, None))
