"""Kernel modules: which ones the initrd loads and in what order, and which ones the image does without."""

import lzma
from collections.abc import Iterable
from pathlib import Path

from .work import Trouble

UNUSED = (
    *(
        "drivers/gpu",
        "drivers/media",
        "drivers/infiniband",
        "drivers/net/ethernet/mellanox",
        "drivers/net/wireless/intel",
    ),
    *(
        "drivers/net/wireless/ath",
        "drivers/net/wireless/mediatek",
        "drivers/net/wireless/realtek",
        "drivers/scsi/qla2xxx",
    ),
    *(
        "drivers/scsi/lpfc",
        "drivers/net/ethernet/intel",
        "drivers/net/ethernet/broadcom/bnx2x",
        "drivers/iio",
    ),
    *(
        "drivers/net/ethernet/chelsio",
        "drivers/net/ethernet/qlogic",
        "drivers/net/ethernet/netronome",
        "drivers/isdn",
    ),
    *(
        "fs/btrfs",
        "fs/xfs",
        "fs/ocfs2",
        "fs/gfs2",
        "fs/ceph",
        "fs/jfs",
        "fs/f2fs",
        "fs/reiserfs",
        "drivers/staging",
    ),
)
"""Folders of modules that no board of ours has; a third of the system's size."""


def order(tree: Path, wanted: Iterable[str]) -> list[Path]:
    """Paths below `tree` (…/lib/modules/VERSION) of these modules and all they need, in loading order.

    Trouble: there is none such. A name that is built into the kernel is left out.
    """
    needs: dict[str, list[str]] = {}
    named: dict[str, str] = {}
    for line in (tree / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
        named[Path(path).name.split(".")[0].replace("-", "_")] = path
    built_in = {
        Path(line).stem.replace("-", "_") for line in (tree / "modules.builtin").read_text().splitlines()
    }
    found: list[str] = []

    def add(path: str) -> None:
        for need in needs[path]:
            add(need)
        if path not in found:
            found.append(path)

    for name in wanted:
        if name in named:
            add(named[name])
        elif name not in built_in:
            raise Trouble(f"images/gateway/initrd/modules.txt: the kernel {tree.name} has no module {name!r}")
    return [Path(path) for path in found]


def plain(octets: bytes, name: str) -> bytes:
    """The module as insmod of busybox takes it."""
    return lzma.decompress(octets) if name.endswith(".xz") else octets
