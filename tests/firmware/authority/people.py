"""Keys, persons and a gateway that believes them: real Ed25519 signatures, no disk, a clock turned by hand."""

from dataclasses import dataclass, field, replace

from firmware.authority.machine import Check
from firmware.authority.messages import Answer, Begin, CommandCame, Commit, Committed
from firmware.authority.nonces import Nonces
from firmware.authority.trust import Trust
from link.contract.authority import Authority, Stop, encode_raw
from link.contract.batch import command_for, decode_command, encode_command, sender_of
from link.contract.documents import Configuration
from link.contract.keyring import KeyEntry, KeyRing, encode_ring
from link.contract.orders import Command, OpenSession, PlayClip, StopClip
from link.contract.signed import Purpose, Signature, Signed, encode_signed, kid_of, to_sign
from link.sealing.signing import make_pair, sign, verify

GATEWAY, SESSION = "gw-a", "s1"
WALL = 1_700_000_000
SHA, OTHER_SHA = "ab" * 32, "cd" * 32
NEVER = WALL + 400 * 86_400
ROLES = {
    "ada": "live",
    "ada2": "live",
    "bo": "live",
    "cy": "live",
    "old": "live",
    "dee": "drill",
    "eve": "drill",
    "runner": "runner",
    "config": "config",
}
"""Name of a key to its use; `ada2` is a second key of ada, `old` was revoked."""
PAIRS = {name: make_pair() for name in (*ROLES, "root", "root2", "stranger")}
HOLDERS = {"ada2": "ada", "runner": "core", "config": "core"}


def kid(name: str) -> str:
    return kid_of(PAIRS[name][1])


def signature(name: str, purpose: Purpose, raw: bytes) -> Signature:
    return Signature(kid=kid(name), sig=sign(PAIRS[name][0], to_sign(purpose, raw)))


def signed(purpose: Purpose, raw: bytes, *names: str) -> bytes:
    return encode_signed(Signed(raw, tuple(signature(name, purpose, raw) for name in names)))


def ring(rev: int = 1, root: str = "root", **more: object) -> KeyRing:
    keys = [
        {"kid": kid(name), "public": PAIRS[name][1], "use": use, "holder": HOLDERS.get(name, name)}
        | {"not_after": NEVER}
        for name, use in ROLES.items()
    ]
    fields = {"rev": rev, "iat": WALL, "root": PAIRS[root][1], "keys": keys, "revoked": (kid("old"),)}
    return KeyRing.model_validate(fields | more)


def ring_signed(made: KeyRing, *names: str) -> bytes:
    return signed("sw-keys-v1", encode_ring(made), *(names or ("root",)))


def with_key(made: KeyRing, name: str, **more: object) -> KeyRing:
    keys = tuple(
        KeyEntry.model_validate(key.model_dump() | more) if key.kid == kid(name) else key for key in made.keys
    )
    return made.model_copy(update={"keys": keys})


def trust(made: KeyRing | None = None) -> Trust:
    pinned = Trust(GATEWAY, root=PAIRS["root"][1], verify=verify)
    return pinned.with_ring(ring_signed(made or ring()))


def authority(**more: object) -> Authority:
    fields = {"id": "b-1", "ch": "live", "clips": (SHA,), "zones": ("north",), "by": "ada", "iat": WALL - 60}
    fields |= {"not_before": WALL - 60, "not_after": WALL + 3600}
    return Authority.model_validate(fields | more)


def doc(made: Authority | None = None, *names: str) -> bytes:
    made = made or authority()
    return signed("sw-auth-v1", encode_raw(made), *(names or ("ada", "bo")))


def stop_doc(*names: str, ref: str = "b-1", ch: str = "live", iat: int = WALL) -> bytes:
    fields = {"id": f"stop-{ref}", "ref": ref, "ch": ch, "by": "ada", "iat": iat, "exp": iat + 300}
    return signed("sw-stop-v1", encode_raw(Stop.model_validate(fields)), *(names or ("cy",)))


def clip(play: str = "b-1.pa1", line: str = "pa1", sha: str = SHA) -> PlayClip:
    return PlayClip(play=play, line=line, sha=sha, size=1000, seconds=3.0)


def play(order: PlayClip | None = None, n: int = 1, at: int = WALL, **more: object) -> Command:
    fields: dict[str, object] = {"ch": "live", "auth": "b-1", "doc": doc()}
    return command_for(order or clip(), GATEWAY, n, at, **(fields | more))


def stop(name: str = "b-1.pa1", n: int = 100, at: int = WALL, **more: object) -> Command:
    fields: dict[str, object] = {"ref": name.partition(".")[0], "doc": stop_doc()}
    return command_for(StopClip(play=name), GATEWAY, n, at, 300, **(fields | more))


def session(n: int = 200, at: int = WALL, **more: object) -> Command:
    order = OpenSession(sid=SESSION, public="00" * 32)
    return command_for(order, GATEWAY, n, at, **({"sid": SESSION} | more))


def sent(command: Command, by: str = "runner") -> bytes:
    raw = decode_command(encode_command(command))[2].raw
    return encode_command(command, kid(by), (signature(by, "sw-cmd-v1", raw),))


@dataclass
class Site:
    """A check with its disk in the same breath. `begun`: what was carried out; `said`: (id, s, why) of each answer."""

    check: Check = field(default_factory=lambda: check())
    now: float = 1000.0
    wall: float = float(WALL)
    trusted: bool = True
    disk: str = ""
    slow: bool = False
    begun: list[Command] = field(default_factory=list)
    said: list[tuple[str, str, str]] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)
    wanted: list[object] = field(default_factory=list)

    def bring(self, payload: bytes) -> str:
        """What is said to it: `s` and `why` joined, or nothing. EnvelopeError for what is nobody's."""
        command, order, made = decode_command(payload)
        before = len(self.said)
        came = CommandCame(command, order, sender_of(payload), made, self.wall, self.trusted)
        self.post(came)
        return " ".join(f"{s} {why}".strip() for _, s, why in self.said[before:])

    def give(self, command: Command) -> str:
        return self.bring(sent(command))

    def post(self, event: object) -> None:
        self.check, effects = self.check.handle(event, self.now)
        for effect in effects:
            self.wanted.append(effect)
            match effect:
                case Answer(result=result):
                    self.said.append((result.id, result.s, result.why))
                    self.nonces.append(result.nonce)
                case Begin(command=command):
                    self.begun.append(command)
                case Commit(row=row) if not self.slow:
                    self.post(Committed(row.id, self.disk))

    def plays(self) -> list[str]:
        return [str(each.args["play"]) for each in self.begun if each.op == "pa.play"]


def check(made: Trust | None = None) -> Check:
    begun = Check(made or trust(), Nonces(bytes(16)), zones=ZONES.zones, ill="")
    return begun.begun(SESSION, 1000.0)


ZONES = Configuration(zones={"north": ("pa1", "pa2"), "south": ("pa3",)})


def without_clock(site: Site) -> Site:
    """The computer of this site begins in 1970."""
    return replace(site, wall=100.0, trusted=False)
