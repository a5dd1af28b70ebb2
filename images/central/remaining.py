"""What remains for a person after an installation, in order: no key, pass-phrase or person is made without one."""

from images.central.host import Host

BIN = "/opt/spillway/current/bin"
AS_CORE = f"runuser -u spillway-core -- {BIN}/central"

STEPS = (
    (
        "/etc/spillway/ca/ca.pem",
        "the authority: asks twice for a pass-phrase, which belongs on paper and not on this host",
        (
            f"{AS_CORE} ca init --folder /etc/spillway/ca",
            f"{AS_CORE} ca issue svc-centre --kind client --out /etc/spillway/core",
            f"{AS_CORE} ca issue probe --kind client --out /etc/spillway/core",
            f"{AS_CORE} ca issue api --kind server --san centre.example --out /etc/spillway/core",
            f"{AS_CORE} ca issue broker --kind server --san mqtt.example --out /etc/spillway/core",
            f"{AS_CORE} ca issue voice --kind both --san voice.example --out /etc/spillway/core",
        ),
    ),
    (
        "/etc/spillway/voice/voice.key",
        "the voice node's certificate goes to its own account",
        (
            "install -o spillway-voice -g spillway-voice -m 0600 -t /etc/spillway/voice "
            "/etc/spillway/core/voice.pem /etc/spillway/core/voice.key",
            "rm /etc/spillway/core/voice.key",
        ),
    ),
    (
        "/etc/spillway/broker/mosquitto.conf",
        "the broker's files; they belong to its own account",
        (f"{BIN}/central broker write --certificate /etc/spillway/core/broker.pem",),
    ),
    (
        "/etc/spillway/core/runner.key",
        "the centre's two keys; the root key is made on a machine that is never connected (central ring init)",
        (
            f"{AS_CORE} key new --use runner --out /etc/spillway/core/runner.key",
            f"{AS_CORE} key new --use config --out /etc/spillway/core/config.key",
        ),
    ),
    (
        "/etc/spillway/core/tokens.toml",
        "the token file of machines; it may be empty",
        ("install -o spillway-core -g spillway -m 0600 /dev/null /etc/spillway/core/tokens.toml",),
    ),
    (
        "/etc/spillway/central.toml",
        "the settings: begin with the example, which names all of these files (every key: configuration.md)",
        (
            "install -o root -g spillway -m 0640 /opt/spillway/current/central.example.toml /etc/spillway/central.toml",
            "editor /etc/spillway/central.toml",
        ),
    ),
    (
        "/etc/spillway/core/ring",
        "the key ring: drafted here, signed with the root key where that is kept (central ring sign), installed here",
        (
            f"{AS_CORE} ring draft --config /etc/spillway/central.toml --out /etc/spillway/core/draft.json",
            f"{AS_CORE} ring install --config /etc/spillway/central.toml --ring /etc/spillway/core/ring.signed",
        ),
    ),
    (
        "/var/lib/spillway/front/nginx.conf",
        "the front's file",
        (f"{AS_CORE} front write --config /etc/spillway/central.toml",),
    ),
    (
        "/var/lib/spillway/spillway.db",
        "start, and invite the first person, who chooses his own password",
        (
            "systemctl start spillway.target",
            f"{AS_CORE} people first NAME --config /etc/spillway/central.toml",
        ),
    ),
)
"""(file that is there once it was done, what it is, commands as root)."""


def remaining(host: Host) -> list[str]:
    """The steps that were not done yet, as lines."""
    lines = []
    number = 0
    for file, meaning, commands in STEPS:
        if host.at(file).exists():
            continue
        number += 1
        lines.append(f"{number}. {meaning}")
        lines += [f"     {command}" for command in commands]
    return lines
