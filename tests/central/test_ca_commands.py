import pytest

from central import ca_commands
from link.certs.authority import read_crl
from link.certs.ca import Ca
from link.certs.certificate import called_by, read_certificate
from link.certs.keys import fingerprint, load_key, new_key
from link.certs.requests import make_csr


class Desk:
    """`central ca` in a folder of its own."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        (folder / "word").write_text("red kite\n")
        (folder / "word").chmod(0o600)

    def __call__(self, what, *more, word=True):
        given = ["--pass-phrase-file", str(self.folder / "word")] if word and what != "list" else []
        code = ca_commands.main(["ca", what, *map(str, more), "--folder", str(self.folder / "ca"), *given])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    @property
    def ca(self):
        return Ca(self.folder / "ca")


@pytest.fixture
def ca(tmp_path, capsys):
    desk = Desk(tmp_path, capsys)
    code, out, _ = desk("init")
    assert (code, "Copy" in out) == (0, True)
    return desk


def test_a_servers_key_and_certificate_lie_beside_each_other(ca, tmp_path):
    code, out, _ = ca("issue", "broker", "--kind", "server", "--san", "localhost", "--out", tmp_path / "tls")
    assert code == 0
    pem, key = (tmp_path / "tls" / "broker.pem").read_bytes(), load_key(tmp_path / "tls" / "broker.key")
    assert fingerprint(pem) == fingerprint(key)
    assert fingerprint(pem) in out
    assert called_by(pem) == ("localhost",)
    code, _, err = ca("issue", "broker", "--kind", "server", "--san", "localhost", "--out", tmp_path / "tls")
    assert (code, "is there already" in err) == (1, True)
    assert load_key(tmp_path / "tls" / "broker.key") == key


def test_a_request_is_signed_for_its_own_name_only(ca, tmp_path):
    key = new_key()
    (tmp_path / "asked.csr").write_bytes(make_csr(key, "gw-north"))
    given = ("--kind", "client", "--csr", tmp_path / "asked.csr", "--out", tmp_path)
    code, _, err = ca("issue", "gw-south", *given)
    assert (code, "is a request for gw-north, not for gw-south" in err) == (1, True)
    assert ca("issue", "gw-north", *given)[0] == 0
    assert fingerprint((tmp_path / "gw-north.pem").read_bytes()) == fingerprint(key)
    assert not (tmp_path / "gw-north.key").exists()
    (tmp_path / "asked.csr").write_bytes(b"junk")
    assert ca("issue", "gw-north", *given)[0] == 1
    assert (
        "cannot be read"
        in ca("issue", "gw-x", "--kind", "client", "--csr", tmp_path / "no", "--out", tmp_path)[2]
    )


def test_a_renewal_keeps_kind_and_names_and_makes_a_new_key(ca, tmp_path):
    assert ca("renew", "api", "--out", tmp_path)[0] == 1
    names = ("--san", "api.example", "--san", "10.0.0.1")
    ca("issue", "api", "--kind", "both", *names, "--out", tmp_path)
    old = (tmp_path / "api.pem").read_bytes()
    assert ca("renew", "api", "--out", tmp_path)[0] == 0
    new = (tmp_path / "api.pem").read_bytes()
    assert fingerprint(new) != fingerprint(old)
    assert fingerprint(new) == fingerprint(load_key(tmp_path / "api.key"))
    assert called_by(new) == ("api.example", "10.0.0.1")
    assert [line.kind for line in ca.ca.book().issued] == ["both", "both"]
    assert ca.ca.book().revoked == {}


def test_revoke_writes_the_list_and_list_shows_it(ca, tmp_path):
    ca("issue", "gw-north", "--kind", "client", "--out", tmp_path)
    serial = read_certificate((tmp_path / "gw-north.pem").read_bytes()).serial
    assert "good" in ca("list")[1]
    code, out, _ = ca("revoke", "gw-north", "--why", "stolen")
    assert (code, f"revoked gw-north {serial}" in out) == (0, True)
    assert read_crl(ca.ca.crl_file.read_bytes())[2] == {serial}
    assert f"REVOKED  {serial}" in ca("list")[1]
    code, _, err = ca("revoke", "gw-north")
    assert (code, "nothing was changed" in err) == (1, True)
    assert "list 3, 1 revoked" in ca("crl")[1]
    ca.ca.crl_file.unlink()
    assert "list of revoked MISSING" in ca("list")[1]


def test_the_pass_phrase_is_asked_for_twice_and_never_weakened(tmp_path, capsys, monkeypatch):
    desk = Desk(tmp_path, capsys)
    said = iter(["one", "two"])
    monkeypatch.setattr("getpass.getpass", lambda text: next(said))
    code, _, err = desk("init", word=False)
    assert (code, "differ" in err, (tmp_path / "ca").exists()) == (1, True, False)
    said = iter(["red kite", "red kite", "blue kite"])
    assert desk("init", word=False)[0] == 0
    code, _, err = desk("crl", word=False)
    assert (code, "pass-phrase" in err) == (1, True)
    said = iter([""] * 2)
    monkeypatch.setattr(desk, "folder", tmp_path / "other")
    code, _, err = desk("init", word=False)
    assert (code, "empty" in err) == (1, True)


def test_no_authority_is_told_with_the_way_out(tmp_path, capsys):
    desk = Desk(tmp_path, capsys)
    code, _, err = desk("issue", "gw-north", "--kind", "client", "--out", tmp_path)
    assert (code, "central ca init" in err) == (1, True)
    assert desk("list")[0] == 1


def test_the_first_words_lead_here(monkeypatch):
    from central import __main__ as entry

    monkeypatch.setattr("sys.argv", ["central", "ca", "list", "--folder", "/nowhere"])
    assert entry.main() == 1
