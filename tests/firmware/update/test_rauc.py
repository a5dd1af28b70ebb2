"""RAUC's door: one suite for the fake and for the door over a stand-in program; signatures by the real program.

`status`, `install` and `mark-good` of the real one need slots and rauc.service, which no computer of the tests has: the
stand-in says what RAUC 1.8 says there. Only `rauc info` and the wording without a service are the real program's.
"""

import json
import shutil
import stat
from pathlib import Path

import pytest

from firmware.update.rauc import Rauc, RaucProgram
from link.bundles.rauc import Bundle, RaucError
from tests.firmware.update.fake_rauc import FakeRauc
from tests.link.bundles.bundle_rig import make_bundle, make_signers, real

STATUS = {
    "compatible": "spillway-gateway",
    "booted": "A",
    "boot_primary": "rootfs.0",
    "slots": [
        {"rootfs.1": {"class": "rootfs", "bootname": "B", "state": "inactive", "boot_status": "bad"}},
        {"rootfs.0": {"class": "rootfs", "bootname": "A", "state": "booted", "boot_status": "good"}},
    ],
}
STAND_IN = """#!/bin/sh
here=$(dirname "$0")
last() { for last; do :; done; }
last "$@"
if [ "$1" != info ] && [ -e "$here/down" ]; then
    echo "Error retrieving slot status via D-Bus: error creating proxy: Could not connect: No such file" >&2; exit 1
fi
case "$1 $2" in
"status --output-format=json") cat "$here/status.json";;
"status mark-good") touch "$here/marked"; echo "rauc status: marked slot rootfs.0 as good";;
info*) case "$last" in
    *good*|*broken*) echo "rauc-Message: Verified inline signature by 'CN = leaf'" >&2
        echo '{"compatible":"spillway-gateway","version":"2.0","images":[]}';;
    *) echo "signature verification failed: Verify error: unable to get local issuer certificate" >&2; exit 1;;
    esac;;
install*) echo installing; echo "  0% Installing"; echo " 40% Checking bundle done."
    case "$last" in
    *broken*) echo "LastError: Failed to copy image: bundle payload is corrupted"
        echo "Installing \\`x' failed" ; exit 1;;
    esac
    echo "100% Installing done."; echo idle; echo "Installing succeeded";;
*) exit 9;;
esac
"""


def program(folder: Path, text: str) -> RaucProgram:
    path = folder / "rauc"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return RaucProgram(str(path))


@pytest.fixture(params=["fake", "program"])
def rauc(request: pytest.FixtureRequest, tmp_path: Path) -> Rauc:
    if request.param == "program":
        (tmp_path / "status.json").write_text(json.dumps(STATUS))
        return program(tmp_path, STAND_IN)
    fake = FakeRauc()
    fake.bundles, fake.broken = {"good.raucb": "2.0", "broken.raucb": "2.0"}, {"broken.raucb"}
    return fake


def down(rauc: Rauc, folder: Path) -> None:
    if isinstance(rauc, FakeRauc):
        rauc.down = True
    (folder / "down").touch()


async def test_the_booted_slot_is_named(rauc: Rauc):
    assert await rauc.booted() == "rootfs.0"


async def test_a_good_bundle_says_what_it_is(rauc: Rauc, tmp_path: Path):
    assert await rauc.inspect(tmp_path / "good.raucb") == Bundle("2.0", "spillway-gateway")


async def test_a_bundle_of_another_key_is_refused_in_words(rauc: Rauc, tmp_path: Path):
    with pytest.raises(RaucError, match="signed by a key that this gateway does not believe"):
        await rauc.inspect(tmp_path / "other.raucb")


async def test_an_installation_tells_its_percents(rauc: Rauc, tmp_path: Path):
    told: list[int] = []
    await rauc.install(tmp_path / "good.raucb", told.append)
    assert told == [0, 40, 100]


async def test_an_installation_that_breaks_off_says_why(rauc: Rauc, tmp_path: Path):
    with pytest.raises(RaucError, match="the bundle is damaged .*payload is corrupted"):
        await rauc.install(tmp_path / "broken.raucb", lambda pct: None)


async def test_without_its_service_nothing_is_marked_and_that_is_told(rauc: Rauc, tmp_path: Path):
    await rauc.mark_good()
    assert (tmp_path / "marked").exists() or isinstance(rauc, FakeRauc)
    down(rauc, tmp_path)
    for asked in (rauc.mark_good, rauc.booted):
        with pytest.raises(RaucError, match=r"rauc\.service does not answer"):
            await asked()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#!/bin/sh\necho nonsense", "not JSON"),
        ("#!/bin/sh\necho '[1]'", "not an object"),
        ('#!/bin/sh\necho \'{"slots": [{"rootfs.0": {"state": "inactive"}}]}\'', "is the one that is booted"),
        ("#!/bin/sh\nexit 3", "without a word"),
    ],
)
async def test_an_answer_that_is_not_raucs_is_an_error_in_words(tmp_path: Path, text: str, why: str):
    with pytest.raises(RaucError, match=why):
        await program(tmp_path, text).booted()


async def test_a_program_that_is_not_there_or_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(RaucError, match="is RAUC installed"):
        await RaucProgram(str(tmp_path / "none")).booted()
    monkeypatch.setattr("firmware.update.rauc.ASK", 0.2)
    with pytest.raises(RaucError, match="did not end within"):
        await program(tmp_path, "#!/bin/sh\nexec sleep 20").booted()


# ---- the real program --------------------------------------------------------------------------------------

IMAGE_SETTINGS = Path(__file__).resolve().parents[3] / "images/gateway/etc/system.conf"


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder with `good.raucb`, the authority `ca.pem` that signed its key, and `other.pem`, which did not."""
    make_signers(tmp_path)
    make_bundle(tmp_path, "good.raucb", "2.0")
    return tmp_path


@real
async def test_the_real_program_believes_its_authority_and_no_other(signed: Path):
    bundle = signed / "good.raucb"
    assert await RaucProgram(keyring=signed / "ca.pem").inspect(bundle) == Bundle("2.0", "spillway-gateway")
    with pytest.raises(RaucError, match="signed by a key that this gateway does not believe"):
        await RaucProgram(keyring=signed / "other.pem").inspect(bundle)
    with pytest.raises(RaucError, match=r"cannot be read \(\[update\] keyring\)"):
        await RaucProgram(keyring=signed / "none.pem").inspect(bundle)


def in_1970(folder: Path, settings: str) -> RaucProgram:
    """The real program with the image's settings on a computer that has no battery clock and no network time."""
    (folder / "system.conf").write_text(settings.replace("/etc/rauc/keyring.pem", str(folder / "ca.pem")))
    called = f'exec faketime "1970-01-02 00:00:00" rauc --conf={folder / "system.conf"} "$@"'
    return program(folder, f"#!/bin/sh\n{called}\n")


@real
@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
async def test_the_images_settings_believe_a_bundle_by_the_time_it_was_signed_at(signed: Path):
    settings = IMAGE_SETTINGS.read_text()
    assert (await in_1970(signed, settings).inspect(signed / "good.raucb")).version == "2.0"
    (signed / "other.raucb").write_bytes((signed / "good.raucb").read_bytes())
    (signed / "ca.pem").write_bytes((signed / "other.pem").read_bytes())
    with pytest.raises(RaucError, match="signed by a key that this gateway does not believe"):
        await in_1970(signed, settings).inspect(signed / "other.raucb")


@real
@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
async def test_a_clock_that_is_wrong_is_not_told_as_a_wrong_key(signed: Path):
    settings = "".join(
        row for row in IMAGE_SETTINGS.read_text().splitlines(keepends=True) if "signing-time" not in row
    )
    with pytest.raises(RaucError, match=r"by this computer's clock .*not yet valid"):
        await in_1970(signed, settings).inspect(signed / "good.raucb")


@real
async def test_the_real_program_refuses_a_damaged_signature_and_a_cut_file(signed: Path):
    octets = bytearray((signed / "good.raucb").read_bytes())
    (signed / "cut.raucb").write_bytes(octets[:3000])
    octets[-200] ^= 0xFF
    (signed / "damaged.raucb").write_bytes(octets)
    for name in ("cut.raucb", "damaged.raucb"):
        with pytest.raises(RaucError, match=r"the bundle is damaged|does not believe"):
            await RaucProgram(keyring=signed / "ca.pem").inspect(signed / name)


@real
async def test_the_real_program_without_its_service_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    for asked in (RaucProgram().booted, RaucProgram().mark_good):
        with pytest.raises(RaucError, match=r"rauc\.service does not answer"):
            await asked()
