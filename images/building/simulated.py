"""Kernel modules by which a virtual machine gets pins: gpio-sim for the image's own kernel. Never part of the image.

Debian's kernels leave gpio-sim out, so it is built out of tree from Debian's source of the same version. Traps: irq_sim
is not in the kernel either, and one function that it calls is not exported to modules; the kernel takes a module of its
own build only; the header packages lead to each other by absolute paths.
"""

import re
import shutil
from pathlib import Path

from .debian import ARCH, apt_options, sources
from .work import Trouble, Work

KERNEL = re.compile(r"^linux-image-(\S+-arm64)\t(\S+)\t", re.MULTILINE)
MODULE = "gpio-sim.ko"
NEEDED = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib*.h", "kernel/irq/irq_sim.c")
RULES = """obj-m := gpio-sim.o
gpio-sim-y := sim.o irq_sim.o
ccflags-y += -I$(src) -DCONFIG_IRQ_SIM=1
"""


def kernel_of(manifest: str) -> tuple[str, str]:
    """What the kernel calls itself and the version of its package, from the image's manifest. Trouble."""
    found = KERNEL.findall(manifest)
    if len(found) != 1:
        raise Trouble(f"the image's manifest names {len(found)} kernels linux-image-…-arm64, not one")
    release, version = found[0]
    return release, version


def exported(source: str) -> str:
    """irq_sim.c, with the descriptor found by what modules may call. Trouble: it is not as we know it."""
    hidden, header = "irq_to_desc(irqnum)", "#include <linux/irq_sim.h>\n"
    if (source.count(hidden), source.count(header)) != (1, 1):
        raise Trouble(f"kernel/irq/irq_sim.c does not call {hidden}: look at images/building/simulated.py")
    body = source.replace(hidden, "irq_data_to_desc(irq_get_irq_data(irqnum))")
    return body.replace(header, f"{header}#include <linux/irqdesc.h>\n")


def gpio_sim(work: Work, manifest: str, folder: Path) -> None:
    """`gpio-sim.ko` in `folder`, for the kernel of this manifest. Trouble."""
    release, version = kernel_of(manifest)
    common, host = release.replace("-arm64", "-common"), work.run(["dpkg", "--print-architecture"]).strip()
    kbuild = f"linux-kbuild-{'.'.join(release.split('.')[:2])}"
    source = kbuild.replace("kbuild", "source")
    wanted = [f"linux-headers-{release}:{ARCH}", f"linux-headers-{common}", f"{kbuild}:{host}", source]
    options = apt_options(folder / "apt", sources())
    for architecture in dict.fromkeys((host, ARCH)):
        options += ["-o", f"APT::Architectures::={architecture}"]
    work.run(["apt-get", *options, "update"])
    archives = folder / "apt/archives"
    work.run(["apt-get", *options, "download", *(f"{name}={version}" for name in wanted)], cwd=archives)
    tree, module = folder / "tree", folder / "module"
    for archive in sorted(archives.glob("*.deb")):
        if not archive.name.startswith(source):
            work.run(["dpkg-deb", "-x", archive, tree])
    headers = tree / f"usr/src/linux-headers-{release}"
    rules = headers / "Makefile"
    rules.write_text(rules.read_text().replace("/usr/src/", f"{tree}/usr/src/"))
    _sources(work, next(archives.glob(f"{source}_*.deb")), source, folder / "source", module)
    words = [
        "make",
        "-C",
        headers,
        f"M={module}",
        "ARCH=arm64",
        "CROSS_COMPILE=aarch64-linux-gnu-",
        "modules",
    ]
    work.run(words)
    shutil.move(module / MODULE, folder / MODULE)
    for name in ("apt", "tree", "source", "module"):
        shutil.rmtree(folder / name)


def _sources(work: Work, archive: Path, name: str, source: Path, module: Path) -> None:
    """The few files of the kernel's source that are needed, made ready for `make` in `module`."""
    source.mkdir()
    module.mkdir()
    names = " ".join(f"'{name}/{path}'" for path in NEEDED)
    inner = f"dpkg-deb --fsys-tarfile '{archive}' | tar xO ./usr/src/{name}.tar.xz"
    work.run(["sh", "-c", f"{inner} | tar xJ --strip-components=1 --wildcards {names}"], cwd=source)
    for header in source.glob("drivers/gpio/*.h"):
        shutil.copyfile(header, module / header.name)
    shutil.copyfile(source / "drivers/gpio/gpio-sim.c", module / "sim.c")
    irq_sim = (source / "kernel/irq/irq_sim.c").read_text()
    (module / "irq_sim.c").write_text(exported(irq_sim))
    (module / "Makefile").write_text(RULES)
