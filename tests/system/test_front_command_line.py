"""`spillway` through a real nginx: it asks, sends and follows over TLS, and stops where the centre is not known."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from central.cli.__main__ import make_cli
from central.cli.core import Core
from central.cli.refusals import Misused, Unreachable
from central.cli.where import Access
from tests.central.api.fake_desk import PEOPLE, WANG, FakeDesk, write_wav
from tests.system.front_rig import Nginx, Pki, serving


@pytest.fixture
async def desk(tmp_path: Path, nginx: Nginx) -> AsyncIterator[FakeDesk]:
    made = FakeDesk(tmp_path)
    async with serving(nginx, made):
        yield made


@pytest.fixture
def note(tmp_path: Path, nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> Path:
    people = tmp_path / "people.toml"
    people.touch(mode=0o600)
    people.write_text(PEOPLE)
    path = tmp_path / "town.json"
    path.write_text(json.dumps({"api": nginx.url, "tokens": "people.toml", "ca": "pki/ca/ca.pem"}))
    monkeypatch.setenv("SPILLWAY_TOWN", str(path))
    return path


async def spillway(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, make_cli(plugins=False), list(words))


async def test_it_asks_sends_and_follows(desk: FakeDesk, note: Path, nginx: Nginx, tmp_path: Path) -> None:
    shown = await spillway("status", "--json")
    assert shown.exit_code == 0 and json.loads(shown.stdout)["bus"] is True, shown.stderr
    wav = write_wav(tmp_path / "in.wav", 1.0)
    sent = await spillway("clip", "add", "gong", str(wav))
    assert sent.exit_code == 0, sent.stderr

    def first() -> object:
        core = Core(Access(nginx.url, "wang", WANG, note.parent / "pki" / "ca" / "ca.pem"))
        try:
            return next(iter(core.live(1.0)))
        finally:
            core.close()

    change = await asyncio.to_thread(first)
    assert change is not None and change.kind == "town"


async def test_three_hundred_times_the_live_channel_opens_and_none_hangs(
    desk: FakeDesk, note: Path, nginx: Nginx
) -> None:
    core = Core(Access(nginx.url, "wang", WANG, note.parent / "pki" / "ca" / "ca.pem"))

    def firsts() -> list[str]:
        return [change.kind for _ in range(300) if (change := next(iter(core.live(5.0))))]

    assert await asyncio.to_thread(firsts) == ["town"] * 300
    core.close()


async def test_the_authority_is_given_by_hand(desk: FakeDesk, note: Path, nginx: Nginx, pki: Pki) -> None:
    tokens, ca = str(note.parent / "people.toml"), str(pki.ca.certificate_file)
    where = ("--api", nginx.url, "--token-file", tokens)
    assert (await spillway("status", *where, "--ca", ca)).exit_code == 0
    unknown = await spillway("status", *where)
    assert unknown.exit_code == 3 and "authority that we do not believe" in unknown.stderr
    wrong = await spillway("status", *where, "--ca", tokens)
    assert wrong.exit_code == 2 and "cannot be used" in wrong.stderr


async def test_a_false_centre_learns_no_token(
    desk: FakeDesk, note: Path, nginx: Nginx, tmp_path: Path
) -> None:
    false = Pki(tmp_path / "false")
    core = Core(Access(nginx.url, "wang", WANG, false.ca.certificate_file))
    with pytest.raises(Unreachable, match="authority that we do not believe"):
        await asyncio.to_thread(core.town)
    with pytest.raises(Unreachable, match="authority that we do not believe"):
        await asyncio.to_thread(lambda: next(iter(core.live(1.0))))
    core.close()
    assert desk.calls == [] and desk.announcer.listeners == 0
    with pytest.raises(Misused):
        Core(Access(nginx.url, "wang", WANG, tmp_path / "none.pem"))
