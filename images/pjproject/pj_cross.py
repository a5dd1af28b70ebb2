"""What cross compilation needs besides the recipe: a foreign compiler and the foreign libraries.

The libraries are Debian's own packages of this machine's release for the other architecture, fetched over a
private apt configuration and unpacked into a folder of the cache. Nothing foreign is installed here.
"""

import platform
import re
import shutil
from dataclasses import replace
from pathlib import Path

from pj_recipe import Target
from pj_source import Tools, Trouble, apt_options, debian_mirror, keyring

TRIPLES = {"aarch64": ("aarch64-linux-gnu", "arm64")}
LIBRARIES = [
    *(
        "libssl-dev",
        "libssl3",
        "libopus-dev",
        "libopus0",
        "uuid-dev",
        "libuuid1",
    ),
    *("libsrtp2-dev", "libsrtp2-1", "libgsm1-dev", "libgsm1", "libspeex-dev", "libspeex1"),
    *("libspeexdsp-dev", "libspeexdsp1"),
]


def foreign(here: Target, arch: str, cache: Path, tools: Tools) -> Target:
    """The same target for another architecture, with its compilers found and its libraries laid out."""
    triple, debian_arch = TRIPLES[arch]
    if shutil.which(f"{triple}-g++") is None:
        raise Trouble(f"no compiler for {arch}: apt-get install crossbuild-essential-{debian_arch}")
    release = platform.freedesktop_os_release()
    suite = release.get("VERSION_CODENAME")
    if release.get("ID") != "debian" or not suite:
        raise Trouble("cross compilation takes the foreign libraries from Debian: run it on Debian.")
    version = re.sub(r"cp(\d)(\d+)", r"\1.\2", here.python_tag)
    sysroot = cache / "sysroots" / f"{suite}-{debian_arch}-python{version}"
    if not sysroot.exists():
        fill(sysroot, suite, debian_arch, [*LIBRARIES, f"libpython{version}-dev"], tools)
    suffix = f".cpython-{version.replace('.', '')}-{triple}.so"
    include = f"{sysroot}/usr/include/python{version}"
    return replace(here, arch=arch, suffix=suffix, include=include, tool=f"{triple}-", sysroot=sysroot)


def fill(sysroot: Path, suite: str, debian_arch: str, packages: list[str], tools: Tools) -> None:
    """Fetch the packages and unpack them into the sysroot, whole or not at all."""
    tools.step(f"fetch {len(packages)} packages for {debian_arch}")
    folder = sysroot.with_name(f"{sysroot.name}.apt")
    line = f"deb [arch={debian_arch} signed-by={keyring()}] {debian_mirror()} {suite} main"
    options = apt_options(folder, line)
    options += ["-o", f"APT::Architecture={debian_arch}", "-o", f"APT::Architectures={debian_arch}"]
    tools.run(["apt-get", *options, "update"])
    tools.run(["apt-get", *options, "download", *packages], cwd=folder / "archives")
    partial = sysroot.with_name(f"{sysroot.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for archive in sorted((folder / "archives").glob("*.deb")):
        tools.run(["dpkg-deb", "-x", str(archive), str(partial)])
    partial.rename(sysroot)
    shutil.rmtree(folder)
