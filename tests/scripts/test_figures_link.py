"""The outbox whose backlog is measured: whole, readable, and of one epoch."""

from firmware.outbox.store import EventFile
from link.contract.batch import UnknownFact, fact_of
from scripts.figures import link


def test_the_backlog_that_is_measured_is_as_a_gateway_left_it(tmp_path, monkeypatch):
    monkeypatch.setattr(link, "EVENTS", 5_003)
    link._prefill(tmp_path / "outbox.db")
    file = EventFile(tmp_path / "outbox.db")
    kept = file.read("evt", 0, 10_000)
    file.close()
    assert [(each.entry.epoch, each.entry.seq) for each in kept] == [(1, n) for n in range(1, 5_004)]
    assert not any(isinstance(fact_of(each.entry.body), UnknownFact) for each in kept)
    assert file.before == {}
