"""hw.outputs.rig against a small rigctld: off first, refusals and silence told, no step lost."""

from collections.abc import Iterator

import pytest

from hw.board_parts import RigPort
from hw.outputs import rig as module
from hw.outputs.door import OutputFault
from hw.outputs.rig import RigDevice

from .rig_stub import RigStub


@pytest.fixture
def stub() -> Iterator[RigStub]:
    stub = RigStub()
    yield stub
    stub.close()


@pytest.fixture
def device(stub: RigStub) -> Iterator[RigDevice]:
    device = RigDevice(RigPort(name="hf", port=stub.port))
    yield device
    device.shut()


def go_on(seconds: float) -> bool:
    return True


def test_off_is_the_first_word_after_every_connect(stub: RigStub, device: RigDevice) -> None:
    stub.ptt = True  # left on by a client that died
    device.open()
    assert stub.heard == ["+T 0"] and not stub.ptt
    device.put(True, go_on)
    assert stub.ptt
    stub.drop()
    with pytest.raises(OutputFault, match="closed the connection"):
        device.put(True, go_on)
    device.shut()
    assert stub.ptt, "rigctld does not unkey when its client goes"
    device.open()
    assert not stub.ptt


def test_a_refusal_says_what_to_do(stub: RigStub, device: RigDevice) -> None:
    device.open()
    stub.trouble = "refuse"
    with pytest.raises(OutputFault, match=r"refuses PTT on \(RPRT -1\).*-P RIG"):
        device.put(True, go_on)
    device.put(False, go_on)


@pytest.mark.parametrize(
    ("trouble", "what"), [("silent", "not answered"), ("babble", "babbles"), ("nonsense", "RPRT x")]
)
def test_a_rigctld_that_misbehaves_is_a_fault(
    stub: RigStub, device: RigDevice, trouble: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.open()
    monkeypatch.setattr(module, "ANSWER", 0.1)  # after a good answer, which may take its time
    stub.trouble = trouble
    with pytest.raises(OutputFault, match=what):
        device.put(True, go_on)


def test_looking_asks_and_keys_nothing(stub: RigStub, device: RigDevice) -> None:
    device.open()
    device.look()
    assert stub.heard == ["+T 0", "+t"]


def test_no_rigctld_is_a_fault_with_its_place() -> None:
    with pytest.raises(OutputFault, match=r"no rigctld at 127.0.0.1:1 .*\[\[rig\]\]"):
        RigDevice(RigPort(name="hf", port=1)).open()
