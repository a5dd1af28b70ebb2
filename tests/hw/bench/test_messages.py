"""The messages of the bench socket: shapes that other processes rely on."""

import pytest
from pydantic import ValidationError

from hw.bench.messages import CONTROL, EDGE, OPS, PIN, Attach, Edge, Sound, Write


def test_the_pin_protocol_as_it_is_written_down() -> None:
    attach = PIN.validate_json('{"op":"attach","gateway":"g","pin":17,"dir":"out","value":1,"pull":"down"}')
    assert attach == Attach(op="attach", gateway="g", pin=17, dir="out", value=1, pull="down")
    assert PIN.validate_json('{"op":"write","pin":17,"value":0,"at_ns":5}') == Write(
        op="write", pin=17, value=0, at_ns=5
    )
    assert EDGE.validate_json('{"op":"edge","pin":4,"value":1,"at_ns":9}') == Edge(pin=4, value=1, at_ns=9)


@pytest.mark.parametrize(
    "text",
    [
        '{"op":"attach","gateway":"g","pin":99,"dir":"out"}',
        '{"op":"attach","gateway":"g","pin":1,"dir":"sideways"}',
        '{"op":"write","pin":1,"value":2}',
        '{"op":"write","pin":1,"value":1,"extra":0}',
        "[]",
    ],
)
def test_malformed_pin_messages_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        PIN.validate_json(text)


def test_every_listed_op_is_a_control_message() -> None:
    for op in OPS:
        try:
            CONTROL.validate_python({"op": op})
        except ValidationError as error:
            assert error.errors()[0]["type"] == "missing", op


def test_sound_names_a_direction() -> None:
    with pytest.raises(ValidationError):
        Sound.model_validate_json('{"op":"sound","gateway":"g","card":"c","dir":"both"}')
