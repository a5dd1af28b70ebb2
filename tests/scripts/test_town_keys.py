import os
from dataclasses import replace
from pathlib import Path

from central.authority.ring import read_ring
from central.authority.settings import AuthoritySettings
from central.authority.strangers import refuse_strangers
from link.sealing.keyfile import open_key, read_phrase
from scripts.town.personal_keys import LASTS, centre_table, root_of, write_keys
from scripts.town.plan import default_plan


def test_a_town_has_a_ring_that_holds_and_keys_that_open(tmp_path: Path):
    plan, folder = replace(default_plan(), persons=("wang", "li")), tmp_path / "keys"
    write_keys(plan, folder)
    table = centre_table(folder)
    ring = read_ring(Path(str(table["ring"])).read_bytes()).ring
    assert ring.root.hex() == root_of(folder)
    uses = {(key.holder, key.use) for key in ring.keys}
    assert {
        ("wang", "live"),
        ("wang", "drill"),
        ("li", "live"),
        ("core", "runner"),
        ("core", "config"),
    } <= uses
    key = open_key(folder / "li-drill.key", read_phrase(folder / "li-drill.phrase"), "personal")
    assert ring.find(key.head.kid, None) is not None
    assert [own.head.use for own in AuthoritySettings.model_validate(table).open_keys()] == [
        "runner",
        "config",
    ]
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    refuse_strangers([folder / "centre"])


def test_keys_are_kept_and_a_new_person_makes_a_new_ring(tmp_path: Path):
    plan = replace(default_plan(), persons=("wang",))
    write_keys(plan, tmp_path)
    before, ring = (tmp_path / "wang-live.key").read_text(), (tmp_path / "centre" / "ring").read_bytes()
    write_keys(plan, tmp_path)
    assert (tmp_path / "centre" / "ring").read_bytes() == ring
    written = tmp_path / "centre" / "ring"
    old = written.stat().st_mtime - LASTS / 2 - 1
    os.utime(written, (old, old))
    write_keys(plan, tmp_path)
    assert written.stat().st_mtime > old + LASTS / 2, "signed anew while its keys still count"
    write_keys(replace(plan, persons=("wang", "zhao")), tmp_path)
    assert (tmp_path / "wang-live.key").read_text() == before
    holders = {key.holder for key in read_ring((tmp_path / "centre" / "ring").read_bytes()).ring.keys}
    assert holders == {"wang", "zhao", "core"}
