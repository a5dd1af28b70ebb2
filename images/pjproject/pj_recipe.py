"""How one pjsua2 wheel is made from an unpacked pjproject tree: patch, configure, compile, pack.

The build key names a wheel by everything that can change it, so a wheel found under its key needs no second
look. The wheel also carries `pjsua2_build`, the sizes as compiled in: pjsua2 itself does not tell them.
Never fetches anything.
"""

import base64
import hashlib
import json
import re
import shlex
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pj_source import Tools, Trouble

PROFILES = ("server", "gateway")
LEFT_OUT_BY_DEBIAN = "pjmedia/src/pjmedia-audiodev/bdimad_dev.c"  # not free; the makefile still names it
TOLD = {  # name in pjsua2_build -> macro
    "PROFILE": "SPILLWAY_PROFILE",
    "MAX_CALLS": "PJSUA_MAX_CALLS",
    "MAX_CONF_PORTS": "PJSUA_MAX_CONF_PORTS",
    "MAX_PLAYERS": "PJSUA_MAX_PLAYERS",
    "MAX_RECORDERS": "PJSUA_MAX_RECORDERS",
    "MAX_ACCOUNTS": "PJSUA_MAX_ACC",
    "MAX_IO_HANDLES": "PJ_IOQUEUE_MAX_HANDLES",
    "HAS_TLS": "PJ_HAS_SSL_SOCK",
    "HAS_SRTP": "PJMEDIA_HAS_SRTP",
    "HAS_DTLS": "PJMEDIA_SRTP_HAS_DTLS",
    "HAS_OPUS": "PJMEDIA_HAS_OPUS_CODEC",
    "HAS_G722": "PJMEDIA_HAS_G722_CODEC",
    "IDLE_INTERVAL_MS": "PJMEDIA_STREAM_IDLE_INTERVAL_MSEC",
}
INCLUDES = ("#include <pjsua-lib/pjsua.h>", "#include <pjmedia-codec.h>")
ASK_PYTHON = """
import json, platform, sys, sysconfig
print(json.dumps([f"cp{sys.version_info[0]}{sys.version_info[1]}", sysconfig.get_config_var("EXT_SUFFIX"),
    sysconfig.get_path("include"), platform.machine()]))
"""


@dataclass(frozen=True)
class Target:
    """What the wheel is for; `tool` is the prefix of the compilers, `sysroot` holds foreign libraries."""

    profile: str
    arch: str
    python_tag: str
    suffix: str
    include: str
    system: str
    tool: str = ""
    sysroot: Path | None = None

    @property
    def wheel_tag(self) -> str:
        """Compatibility tag of the wheel's file name."""
        return f"{self.python_tag}-{self.python_tag}-linux_{self.arch}"


def native(profile: str, python: str) -> Target:
    """This machine's own target for the given interpreter."""
    told = subprocess.run([python, "-c", ASK_PYTHON], capture_output=True, text=True, check=True).stdout
    tag, suffix, include, arch = json.loads(told)
    release = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)', Path("/etc/os-release").read_text(), re.M))
    return Target(profile, arch, tag, suffix, include, release.get("ID", "") + release.get("VERSION_ID", ""))


def build_key(folder: Path, source_sha256: str, target: Target) -> str:
    """16 hex digits over the source, our patches and settings, this recipe and the target."""
    digest = hashlib.sha256()
    words = (source_sha256, target.profile, target.wheel_tag, target.suffix, target.system)
    digest.update("\0".join(words).encode())
    settings = [
        folder / name
        for name in ("pj_recipe.py", "configure.options", "config_site.h", f"limits.{target.profile}.h")
    ]
    for path in (*patches(folder), *settings):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def patches(folder: Path) -> list[Path]:
    """Our patches in the order in which they are applied."""
    return sorted((folder / "patches").glob("*.patch"))


def prepare(folder: Path, tree: Path, target: Target, tools: Tools) -> None:
    """Apply the patches and write config_site.h."""
    for path in patches(folder):
        tools.run(["patch", "-p1", "--forward", "--fuzz=0", "-i", str(path)], cwd=tree)
    parts = [folder / f"limits.{target.profile}.h", folder / "config_site.h"]
    (tree / "pjlib/include/pj/config_site.h").write_text("".join(path.read_text() for path in parts))
    (tree / LEFT_OUT_BY_DEBIAN).touch()


def configure(folder: Path, tree: Path, target: Target, tools: Tools) -> None:
    """Run configure; for a foreign target against the libraries in its sysroot."""
    flags, link, words = "-O2 -fPIC", "", (folder / "configure.options").read_text().split()
    environment = {}
    if target.sysroot:
        root, triple = target.sysroot, target.tool.rstrip("-")
        flags += f" -isystem {root}/usr/include -isystem {root}/usr/include/{triple}"
        link = f"-L{root}/usr/lib/{triple} -Wl,-rpath-link,{root}/usr/lib/{triple}:{root}/lib/{triple}"
        words += [f"--host={triple}", f"--with-ssl={root}/usr"]  # without it configure leaves TLS out
        environment = {"CC": f"{target.tool}gcc", "CXX": f"{target.tool}g++", "AR": f"{target.tool}ar"}
        environment |= {"RANLIB": f"{target.tool}ranlib", "PKG_CONFIG": "false"}
    environment |= {"CFLAGS": flags, "CXXFLAGS": flags, "LDFLAGS": link}
    tools.run(["./configure", *words], cwd=tree, env=environment)


def compile_library(tree: Path, jobs: int, tools: Tools) -> None:
    """Compile pjproject's static libraries."""
    tools.run(["make", "dep"], cwd=tree)
    tools.run(["make", f"-j{jobs}", "lib"], cwd=tree)


def compile_wrapper(tree: Path, target: Target, tools: Tools) -> None:
    """Generate and compile the Python wrapper, linked with the libraries."""
    folder = tree / "pjsip-apps/src/swig/python"

    def ask(what: str) -> list[str]:
        told = tools.ask(["make", "--no-print-directory", "-s", "-f", "helper.mak", what], cwd=folder)
        return shlex.split(told)

    tools.run(["make", "pjsua2_wrap.cpp"], cwd=folder)
    words = [f"{target.tool}g++", "-shared", "-o", f"_pjsua2{target.suffix}", "pjsua2_wrap.cpp"]
    words += [*ask("cflags"), "-O1", "-g0", "-fPIC", "-fwrapv", "-fno-strict-aliasing", "-DNDEBUG"]
    words += [f"-I{target.include}", *ask("ldflags"), *(f"-l{name}" for name in ask("libs"))]
    tools.run(words, cwd=folder)
    asked = [*INCLUDES, *(f"told {name} = {macro}" for name, macro in TOLD.items())]
    (folder / "told.c").write_text("\n".join(asked) + "\n")
    told = tools.ask([f"{target.tool}gcc", *ask("cflags"), "-E", "-P", "told.c"], cwd=folder)
    lines = re.findall(r"^told (\w+ = .+)$", told, re.M)
    if absent := [line for line in lines if line.startswith("HAS_") and not line.endswith(" = 1")]:
        raise Trouble(f"this build lacks what we need: {', '.join(absent)}; see what configure did not find")
    text = '"""Sizes and settings compiled into this build of pjsua2."""\n\n' + "\n".join(lines) + "\n"
    (folder / "pjsua2_build.py").write_text(text)


def pack(tree: Path, version: str, target: Target, wheel: Path) -> None:
    """Write the wheel: the wrapper, its Python half, the sizes, metadata and pjproject's licence."""
    folder = tree / "pjsip-apps/src/swig/python"
    info = f"pjsua2-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: pjsua2\nVersion: {version}\nLicense: GPL-2.0-or-later\n"
    content = {name: (folder / name).read_bytes() for name in ("pjsua2.py", "pjsua2_build.py")}
    content[f"_pjsua2{target.suffix}"] = (folder / f"_pjsua2{target.suffix}").read_bytes()
    content[f"{info}/METADATA"] = metadata.encode()
    kind = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {target.wheel_tag}\n"
    content[f"{info}/WHEEL"] = kind.encode()
    content[f"{info}/COPYING"] = (tree / "COPYING").read_bytes()
    record = ""
    for name, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    content[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel.parent.mkdir(parents=True, exist_ok=True)
    partial = wheel.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16  # readable by every account, not only by the one that installs
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    partial.replace(wheel)
