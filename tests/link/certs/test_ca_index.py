from datetime import UTC, datetime, timedelta

import pytest

from link.certs.ca_index import CrlLine, IssuedLine, RevokedLine, append, read_book
from link.certs.errors import CertError

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def issued(serial: str, days: int = 825) -> IssuedLine:
    until = NOW + timedelta(days=days)
    return IssuedLine(at=NOW, name="gw-north", serial=serial, kind="client", until=until, fingerprint="")


def test_lines_come_back_in_order_and_the_latest_counts(tmp_path):
    file = tmp_path / "index.jsonl"
    assert read_book(file).crl_number == 0
    append(file, issued("a"), issued("b"), issued("c", days=-1))
    append(file, RevokedLine(at=NOW, serial="b", why="stolen"), CrlLine(at=NOW, number=4))
    book = read_book(file)
    assert [line.serial for line in book.issued] == ["a", "b", "c"]
    assert [line.serial for line in book.believed("gw-north", NOW)] == ["a"]
    assert (book.believed("gw-south", NOW), book.crl_number) == ((), 4)


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path):
    with pytest.raises(CertError, match="cannot be read"):
        read_book(tmp_path)
    with pytest.raises(CertError, match="nothing was issued"):
        append(tmp_path / "none" / "index.jsonl", issued("a"))
