"""A telephone: a real baresip that registers, answers by itself and says back what it hears."""

import subprocess
from pathlib import Path

MODULES = Path("/usr/lib/baresip/modules")


class Baresip:
    """One baresip. `edge` is HOST:PORT; `transport` udp or tls; it dials `dial` at once, where given."""

    def __init__(
        self,
        folder: Path,
        user: str,
        secret: str,
        edge: str,
        transport: str = "udp",
        dial: str = "",
        ca: Path | None = None,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        secured = ";mediaenc=srtp-mand" if transport == "tls" else ""
        account = (
            f"<sip:{user}@{edge};transport={transport}>;auth_user={user};auth_pass={secret};regint=60;"
            f"answermode=auto;audio_codecs=PCMU/8000/1{secured}\n"
        )
        lines = [
            "sip_listen 127.0.0.1:0",
            f"module_path {MODULES}",
            *(f"module {name}.so" for name in ("g711", "aubridge", "srtp")),
            *(f"module_app {name}.so" for name in ("account", "menu")),
            "audio_source aubridge,loop",
            "audio_player aubridge,loop",
            "ausrc_srate 8000",
            "auplay_srate 8000",
            "net_interface 127.0.0.1",
            "rtp_ports 40000-48000",
            "sip_verify_server no" if ca is None else f"sip_cafile {ca}",
        ]
        (folder / "config").write_text("\n".join(lines) + "\n")
        (folder / "accounts").write_text(account)
        (folder / "contacts").write_text("")
        words = ["baresip", "-f", str(folder), *(("-e", f"/dial {dial}") if dial else ())]
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(words, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def hang_up(self) -> None:
        """Have it end its call and itself."""
        self.process.terminate()

    def stop(self) -> None:
        """It hangs up and goes."""
        self.hang_up()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
