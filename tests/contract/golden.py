"""The golden messages: one of every kind, as bytes that a released version put on the wire.

`python -m tests.contract.golden` prints messages that have no golden bytes yet; a line that stands in
golden_v1.txt is never changed: it is what gateways in the field send.
"""

from pathlib import Path

from link.contract import facts, orders
from link.contract import neighbour as voice
from link.contract.batch import BatchHead, command_for, encode_batch, encode_command
from link.contract.envelope import pack
from link.contract.facts import EVIDENCE
from link.contract.realtime import Keep, TalkFrame, Up, encode_frame, encode_report

FILE = Path(__file__).parent / "golden_v1.txt"
KEY = bytes(range(32))
SHA = "0123456789abcdef" * 4
WALL = 1_700_000_000

LINE = facts.LineReport(line="r1", carrier=True, ptt=False, leg=True, talker="unit 12")
HEALTH = facts.HealthChanged(subject="card r1", ok=False, what="gone", advice="plug it in")
FACTS: tuple[facts.Wire, ...] = (
    facts.LineOpened(line="r1", talker="unit 12"),
    facts.LineClosed(line="r1", seconds=4.25),
    facts.TransmitStarted(line="r1", why="南站"),
    facts.TransmitEnded(line="r1", seconds=3.5, why="released"),
    facts.ClipStarted(play="b-1.pa1", line="pa1", sha=SHA),
    facts.ClipFinished(play="b-1.pa1", line="pa1", result="played", played=12.4, why=""),
    HEALTH,
    facts.LegChanged(line="r1", up=True, why=""),
    facts.MessageRefused(where="command", reason="retained", count=3),
)
ORDERS = (
    orders.DialLeg(line="r1", uri="sip:r1@127.0.0.1:5060", token="abcdefgh12345678"),
    orders.OpenSession(sid="5e551017", key=KEY.hex()),
    orders.PlayClip(play="b-1.pa1", line="pa1", sha=SHA, size=1000, seconds=12.5, priority=7, gain_db=-3.0),
    orders.StopClip(play="b-1.pa1"),
)


def messages() -> dict[str, bytes]:
    """Every kind of message by name."""
    report = facts.RealtimeReport(n=3, mono_ms=123456, lines=(LINE,))
    frame = TalkFrame(seq=9, keep=(Keep(line="r1", lease_ms=1500, talker="north"),), up=(Up(line="r2"),))
    snapshot = facts.Snapshot(
        sid="5e551017",
        fw="0.1.0",
        lines=(facts.LineDescription(line="r1", kind="radio", label="北站"),),
        health=(HEALTH,),
        playing=("b-1.pa1",),
    )
    known = {
        "report": encode_report(report),
        "frame": encode_frame(frame, KEY),
        "frame-heard": encode_frame(frame.model_copy(update={"heard": 3}), KEY),
        "birth": pack(facts.Birth(sid="5e551017", boot="b007", fw="0.1.0").model_dump(mode="python")),
        "death": pack(facts.Death(sid="5e551017").model_dump(mode="python")),
        "snapshot": pack(snapshot.model_dump(mode="python")),
        "result": pack(facts.CommandResult(id="c1", s="done", t=WALL * 1000).model_dump(mode="python")),
        "heartbeat": pack(facts.Heartbeat(s="5e551017", t=WALL * 1000).model_dump(mode="python")),
    }
    head = BatchHead(epoch=77, first_seq=5, boot="b007", t0_ms=WALL * 1000, mono0_ms=1000, tq="ntp")
    events = tuple(
        facts.Event(seq=5 + i, wall_ms=WALL * 1000 + i, mono_ms=1000 + i, fact=fact)
        for i, fact in enumerate(FACTS)
    )
    known["batch-of-one"] = encode_batch(head, events[:1])
    known["batch-of-all"] = encode_batch(head, events)
    for number, order in enumerate(ORDERS, start=1):
        known[f"command-{type(order).__name__}"] = encode_command(command_for(order, "gw-a", number, WALL))
    for name, (family, message) in neighbours().items():
        known[name] = family.encode(message)
    return known


def neighbours() -> dict[str, tuple[voice.Tagged, voice.Wire]]:
    """One message of every kind between neighbours."""
    gateway = (
        voice.VoiceBeat(lag_ms=0.4),
        voice.Bye(),
        voice.ConnectLeg(line="r1", uri="sip:r1@127.0.0.1:5060", token="abcdefgh12345678"),
        voice.OpenUplink(line="r1", since_ns=123456789),
        voice.CloseUplink(line="r1"),
        voice.HoldDownlink(line="r1"),
        voice.OpenDownlink(line="r1", lead_ms=60),
        voice.FinishDownlink(line="r1"),
        voice.CutDownlink(line="r1"),
        voice.StartClip(play="b-1.pa1", line="pa1", path="/clips/a.wav", gain_db=-3.0),
        voice.CutClip(play="b-1.pa1"),
        voice.LegState(line="r1", up=False, code=408, why="no answer"),
        voice.DownlinkDrained(line="r1"),
        voice.ClipProgress(play="b-1.pa1", seconds=0.5),
        voice.ClipDone(play="b-1.pa1", ok=True, seconds=12.4),
        voice.SoundState(card="r1", ok=False, what="gone", advice="plug it in"),
        voice.LevelReport(card="r1", capture_rms=-20.5, capture_peak=9000, playback_rms=-96, playback_peak=0),
    )
    centre = (
        voice.Hello(),
        voice.ExpectLeg(leg="gw-a/r1", token="abcdefgh12345678"),
        voice.SetBridge(bridge="valley", talkers=("gw-a/r1",), listeners=("gw-b/r1", "gw-c/r1")),
        voice.StartRecording(recording="group-valley-1", path="2026/01/01/g.wav", legs=("gw-a/r1",)),
        voice.SetRecordingLegs(recording="group-valley-1", legs=("gw-b/r1",)),
        voice.StopRecording(recording="group-valley-1"),
        voice.NodeReady(sip="127.0.0.1:5060", calls=64, version="2.17", legs=("gw-a/r1",)),
        voice.LegAnswered(leg="gw-a/r1", codec="G722/16000"),
        voice.LegLost(leg="gw-a/r1", code=200, why="normal"),
        voice.CallRefused(source="127.0.0.1:5060", why="no token"),
        voice.RecordingClosed(recording="group-valley-1", path="g.wav", seconds=8.1, sha=SHA),
    )
    known = {f"gateway-voice-{type(m).__name__}": (voice.GATEWAY_VOICE, m) for m in gateway}
    return known | {f"centre-voice-{type(m).__name__}": (voice.CENTRE_VOICE, m) for m in centre}


def kept() -> dict[str, bytes]:
    """The golden bytes by name."""
    rows = (line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#"))
    return {name: bytes.fromhex(text) for name, text in rows}


if __name__ == "__main__":
    golden = kept() if FILE.exists() else {}
    assert len(FACTS) == len(EVIDENCE)
    for name, payload in messages().items():
        if name not in golden:
            print(name, payload.hex())
