"""The gate before a secured broker, as core's settings ask for it."""

from pathlib import Path

from central.broker_gate import BrokerGate
from central.config import CentralSettings
from central.wiring_gate import wire_gate
from link.bus.fake import FakeBroker, FakeBus
from link.hosting.clock import HandClock

BASE = {"state": "/x", "run": "/x", "api": {"tokens": "/x"}}
FILES = {"ca": Path("/c"), "certificate": Path("/c"), "key": Path("/k")}


def gate(**more: object) -> BrokerGate | None:
    clock = HandClock()
    made = lambda settings: FakeBus(FakeBroker(clock.now), "probe")  # noqa: E731
    settings = CentralSettings.model_validate({**BASE, **more})
    return wire_gate(settings, made, clock, lambda verdict: None)


def test_what_is_plain_or_has_nobody_to_try_by_has_no_gate() -> None:
    assert gate(plain=True) is None
    assert gate(tls=FILES) is None


def test_a_secured_one_has() -> None:
    probe = {"certificate": Path("/p"), "key": Path("/q")}
    assert isinstance(gate(tls=FILES, probe=probe), BrokerGate)
