import multiprocessing
from datetime import UTC, datetime, timedelta

import pytest

from link.certs.authority import Issue, read_crl
from link.certs.ca import Ca
from link.certs.certificate import issued_by, read_certificate
from link.certs.errors import CertError
from link.certs.keys import new_key, public_pem

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORD = b"red kite"
PUBLIC = public_pem(new_key())


@pytest.fixture
def ca(tmp_path):
    return Ca.init(tmp_path / "ca", WORD, NOW)


def test_a_new_authority_keeps_its_key_to_itself(ca):
    assert b"ENCRYPTED" in ca.key_file.read_bytes()
    modes = [
        path.stat().st_mode & 0o777 for path in (ca.key_file, ca.index_file, ca.certificate_file, ca.crl_file)
    ]
    assert modes == [0o600, 0o600, 0o644, 0o644]
    assert ca.folder.stat().st_mode & 0o777 == 0o711
    assert read_crl(ca.crl_file.read_bytes())[2] == frozenset()


def test_an_authority_is_never_made_over_another(ca):
    before = {path.name: path.read_bytes() for path in ca.folder.iterdir() if path.is_file()}
    with pytest.raises(CertError, match="holds an authority already"):
        Ca.init(ca.folder, b"other", NOW)
    assert {path.name: path.read_bytes() for path in ca.folder.iterdir() if path.is_file()} == before


def test_two_authorities_have_two_names(tmp_path):
    names = {read_certificate(Ca.init(tmp_path / place, WORD, NOW).certificate).name for place in "ab"}
    assert len(names) == 2


def test_what_is_issued_stands_in_the_book_and_in_a_file(ca):
    pem = ca.issue(Issue("gw-north", PUBLIC), NOW)
    (line,) = ca.book().issued
    facts = read_certificate(pem)
    assert (line.name, line.serial, line.kind) == ("gw-north", facts.serial, "client")
    assert (ca.folder / "issued" / f"{facts.serial}.pem").read_bytes() == pem
    assert issued_by(pem, ca.certificate)


def test_revoking_a_name_revokes_all_of_it_and_only_it(ca):
    first, second = (read_certificate(ca.issue(Issue("gw-north", PUBLIC), NOW)).serial for _ in range(2))
    ca.issue(Issue("gw-south", PUBLIC), NOW)
    assert ca.revoke("gw-north", NOW, "stolen") == (first, second)
    number, _, serials = read_crl(ca.crl_file.read_bytes())
    assert (number, serials) == (2, {first, second})
    assert [line.why for line in ca.book().revoked.values()] == ["stolen", "stolen"]
    with pytest.raises(CertError, match="no certificate that could be revoked"):
        ca.revoke("gw-north", NOW)
    later = NOW + timedelta(days=30)
    ca.crl(later)
    assert read_crl(ca.crl_file.read_bytes()) == (3, later + timedelta(days=825), {first, second})


def test_one_of_several_can_be_revoked(ca):
    first, second = (read_certificate(ca.issue(Issue("gw-north", PUBLIC), NOW)).serial for _ in range(2))
    assert ca.revoke("gw-north", NOW, serial=first) == (first,)
    assert [line.serial for line in ca.book().believed("gw-north", NOW)] == [second]


def test_a_wrong_pass_phrase_changes_nothing(ca):
    ca.issue(Issue("gw-north", PUBLIC), NOW)
    before = ca.index_file.read_bytes(), ca.crl_file.read_bytes()
    for word in (b"blue kite", b""):
        wrong = Ca(ca.folder, word)
        for work in (lambda it: it.issue(Issue("gw-x", PUBLIC), NOW), lambda it: it.revoke("gw-north", NOW)):
            with pytest.raises(CertError, match="pass-phrase"):
                work(wrong)
    assert (ca.index_file.read_bytes(), ca.crl_file.read_bytes()) == before


def test_a_lost_key_is_told_with_the_way_out_and_the_book_can_still_be_read(ca):
    ca.issue(Issue("gw-north", PUBLIC), NOW)
    ca.key_file.unlink()
    with pytest.raises(CertError, match=r"no authority's key in .*docs/technician\.md"):
        ca.issue(Issue("gw-south", PUBLIC), NOW)
    assert [line.name for line in Ca(ca.folder).book().issued] == ["gw-north"]


def test_a_key_that_others_may_read_signs_nothing(ca):
    ca.key_file.chmod(0o644)
    with pytest.raises(CertError, match="may be read by others"):
        ca.issue(Issue("gw-north", PUBLIC), NOW)


def test_no_folder_is_told_as_such(tmp_path):
    with pytest.raises(CertError, match="make one with `central ca init`"):
        Ca(tmp_path / "none", WORD).issue(Issue("gw-north", PUBLIC), NOW)


def test_a_line_that_a_power_failure_cut_is_cut_off_and_any_other_damage_stops(ca):
    ca.issue(Issue("gw-north", PUBLIC), NOW)
    whole = ca.index_file.read_bytes()
    ca.index_file.write_bytes(whole + b'{"what":"issu')
    ca.issue(Issue("gw-south", PUBLIC), NOW)
    assert [line.name for line in ca.book().issued] == ["gw-north", "gw-south"]
    ca.index_file.write_bytes(whole.replace(b"issued", b"isued") + whole)
    with pytest.raises(CertError, match="line 2 of .* is damaged"):
        ca.issue(Issue("gw-west", PUBLIC), NOW)


def _issue_ten(folder, name):
    for _ in range(10):
        Ca(folder, WORD).issue(Issue(name, PUBLIC), NOW)


def test_two_processes_write_one_book(ca):
    work = [
        multiprocessing.get_context("spawn").Process(target=_issue_ten, args=(ca.folder, n))
        for n in ("gw-a", "gw-b")
    ]
    for process in work:
        process.start()
    for process in work:
        process.join(20)
    assert [process.exitcode for process in work] == [0, 0]
    assert sorted(line.name for line in ca.book().issued) == ["gw-a"] * 10 + ["gw-b"] * 10
