"""The card of a gateway that was in service: what is put on it is what the gateway's own programs take."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.desired.messages import Held
from firmware.desired.shelf import DesiredShelf
from firmware.enrolment.keyring import Keyring
from hw.board import load_board
from link.certs.ca import Ca
from link.contract.documents import Desired
from scripts.flashing.site import load_site
from scripts.imaging import environment, in_service


def test_the_board_is_a_real_one_that_is_taken(tmp_path: Path):
    path = tmp_path / "board.toml"
    path.write_text(in_service.board())
    board = load_board(path)
    assert board.kind == "real"
    assert [(out.name, out.pin) for out in board.outputs] == [("r1.ptt", 17), ("r2.ptt", 18)]  # type: ignore[union-attr]
    assert {line.id for line in board.lines} == {"r1", "r2"}
    assert len({card.capture for card in board.cards}) == 2


def test_the_site_is_one_that_flash_takes(tmp_path: Path):
    Ca.init(tmp_path / "ca", b"trial", datetime.now(UTC))
    (tmp_path / "board.toml").write_text(in_service.board())
    site = in_service.SITE.format(gateway=in_service.GATEWAY, root="ab" * 32, token=in_service.TOKEN)
    (tmp_path / "site.toml").write_text(site)
    assert {"gateway.toml", "board.toml", "site.json"} <= load_site(tmp_path / "site.toml").keys()


def test_it_is_enrolled_with_the_token_of_the_site_and_knows_its_group(tmp_path: Path):
    ca = Ca.init(tmp_path / "ca", b"trial", datetime.now(UTC))
    state = tmp_path / "state"
    state.mkdir()
    in_service.enrol(state, ca)
    assert Keyring(state, in_service.GATEWAY).enrolled_with(in_service.TOKEN)
    DesiredShelf(state).keep(Held(Desired(rev=7, cfg=in_service.configuration()), in_service.configuration()))
    held, wrong = DesiredShelf(state).load()
    assert held is not None and wrong == ""
    assert [member.line for member in held.configuration.groups[0].members] == ["r1", "r2"]


def test_the_data_partition_holds_it_and_the_others_are_untouched(tmp_path: Path):
    if shutil.which("sfdisk") is None or not Path("/sbin/debugfs").exists():
        pytest.skip("fdisk or e2fsprogs is not installed")
    card = tmp_path / "card.img"
    card.write_bytes(b"\xaa" * (24 << 20))
    layout = "label: gpt\nstart=2048, size=4096, name=env\nstart=8192, size=32768, name=data\n"
    subprocess.run(("sfdisk", "--wipe=always", card), input=layout.encode(), check=True, capture_output=True)
    content = tmp_path / "data"
    (content / "spillway").mkdir(parents=True)
    (content / "spillway/desired.doc").write_bytes(b"document")
    in_service.write_data(card, content)
    at, size = environment.partition(card, "data")
    octets = card.read_bytes()
    assert octets[1 << 20 : 3 << 20] == b"\xaa" * (2 << 20)
    (tmp_path / "part").write_bytes(octets[at : at + size])
    words = ("/sbin/debugfs", "-R", "cat /spillway/desired.doc", tmp_path / "part")
    assert subprocess.run(words, capture_output=True, check=True).stdout == b"document"
