"""U-Boot without its prompt: same length, nothing else moved; one that we do not know is refused."""

from pathlib import Path

import pytest

from images.building.uboot import without_prompt
from images.building.work import Trouble

ENVIRONMENT = b"bootcmd=run distro\0bootdelay=2\0baudrate=115200\0arch=arm\0vendor=emulation\0soc=x\0\0"
OCTETS = b"code\0\xff" * 5 + b"\0" + ENVIRONMENT + b"after" * 9
DEBIANS = sorted(Path("/usr/lib/u-boot").glob("*/u-boot.bin"))


def variables(octets: bytes) -> dict[str, str]:
    block = octets[octets.index(b"bootcmd=") :].split(b"\0\0")[0]
    return dict(row.decode().split("=", 1) for row in block.split(b"\0"))


def test_it_starts_at_once_and_all_else_is_as_it_was():
    made = without_prompt(OCTETS)
    assert len(made) == len(OCTETS)
    before, after = variables(OCTETS), variables(made)
    assert after.pop("bootdelay") == "-2" and before.pop("bootdelay") == "2"
    assert after.pop("vendor") == "emulatio" and before.pop("vendor") == "emulation"
    assert after == before
    at = OCTETS.index(ENVIRONMENT)
    assert made[:at] == OCTETS[:at] and made[at + len(ENVIRONMENT) :] == OCTETS[at + len(ENVIRONMENT) :]


@pytest.mark.parametrize(
    "octets",
    [
        OCTETS.replace(b"bootdelay=2", b"bootdelay=5"),
        OCTETS + ENVIRONMENT,
        OCTETS.replace(b"vendor=", b"wendor="),
        b"",
    ],
)
def test_a_u_boot_that_we_do_not_know_is_refused(octets: bytes):
    with pytest.raises(Trouble, match=r"images/building/uboot\.py"):
        without_prompt(octets)


def test_it_cannot_be_done_twice():
    with pytest.raises(Trouble):
        without_prompt(without_prompt(OCTETS))
