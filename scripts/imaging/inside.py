"""A script that runs inside the machine, and how it gets there: the system image stays as it is shipped.

The script and what it needs lie on a second disk. The copy of the card gets a boot.scr with a longer kernel line, by
which systemd starts the script beside everything else.
"""

import subprocess
from pathlib import Path

from scripts.imaging import environment

BOOT = Path(__file__).resolve().parents[2] / "images/gateway/boot/boot.cmd"
_WORDS = ("mount", "-o", "ro", "/dev/vdb", "/mnt;.", "/mnt/go")
RUN = (
    r"systemd.run=\"/bin/sh -c "
    + r"\$\${IFS}".join(_WORDS)
    + r"\" systemd.run_success_action=none systemd.run_failure_action=none"
)
"""U-Boot and two readers of systemd each take a layer of quotes away: so there are none inside."""
BEGIN = """set -u
say() { echo "TRIAL: $*" >/dev/console; }
systemctl start --no-block multi-user.target
"""


def put_inside(
    card: Path, folder: Path, script: str, files: dict[str, Path], size_mb: int = 400
) -> tuple[str, ...]:
    """Prepare a copy of the card; `files` by name are found in /mnt. The further words for QEMU."""
    text = BOOT.read_text().replace("quiet systemd.show_status=0", f"quiet systemd.show_status=0 {RUN}")
    (folder / "boot.cmd").write_text(text)
    words = (
        "mkimage",
        "-A",
        "arm64",
        "-T",
        "script",
        "-C",
        "none",
        "-d",
        folder / "boot.cmd",
        folder / "boot.scr",
    )
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    at, _ = environment.partition(card, "bootcfg")
    subprocess.run(["mcopy", "-o", "-i", f"{card}@@{at}", folder / "boot.scr", "::boot.scr"], check=True)
    content = folder / "second"
    content.mkdir()
    (content / "go").write_text(BEGIN + script)
    for name, path in files.items():
        subprocess.run(["cp", "--reflink=auto", path, content / name], check=True)
    disk = folder / "second.ext4"
    words = ("/sbin/mke2fs", "-q", "-t", "ext4", "-d", content, disk, f"{size_mb}M")
    subprocess.run(words, check=True, capture_output=True)
    drive = f"file={disk},if=none,id=second,format=raw,readonly=on"
    return "-drive", drive, "-device", "virtio-blk-pci,drive=second,addr=3"
