"""The bench's comparison of secured and plain really goes over both brokers."""

from pathlib import Path

import pytest

from scripts.figures import broker_trip


def test_both_kinds_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_trip, "TRIPS", 5)
    monkeypatch.setattr(broker_trip, "SIGN_INS", 2)
    found = {figure.name: len(figure.values) for figure in broker_trip.measure(tmp_path)}
    assert found == {
        "frame core → gateway, plain": 5,
        "sign-in until subscribed, plain": 2,
        "frame core → gateway, TLS": 5,
        "sign-in until subscribed, TLS": 2,
    }
    assert "password_file" in (tmp_path / "plain" / "mosquitto.conf").read_text()
    log = (tmp_path / "secured" / "broker" / "mosquitto.log").read_text()
    assert (
        "as gw-bench" in log and "tlsv1.3" in (tmp_path / "secured" / "broker" / "mosquitto.conf").read_text()
    )
