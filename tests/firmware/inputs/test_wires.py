"""One input, several who hear it."""

from firmware.inputs.wires import Wires


def test_everybody_who_listens_hears_every_level():
    wires, heard = Wires(), []
    wires.listen("mains", lambda on, at_ns: heard.append(("bypass", on, at_ns)))
    wires.listen("mains", lambda on, at_ns: heard.append(("contact", on, at_ns)))
    wires.listen("gate", lambda on, at_ns: heard.append(("gate", on, at_ns)))
    wires.heard("mains")(True, 7)
    assert heard == [("bypass", True, 7), ("contact", True, 7)]


def test_an_input_that_nobody_hears_harms_nobody():
    Wires().heard("spare")(True, 1)
