"""The golden messages: one of every kind, as bytes that a released version put on the wire.

`python -m tests.contract.golden` prints messages that have no golden bytes yet; a line that stands in
golden_v1.txt is never changed: it is what gateways in the field send.
"""

from pathlib import Path

from link.contract import authority as auth
from link.contract import call_talk as call
from link.contract import documents as doc
from link.contract import facts, orders
from link.contract import field_facts as field
from link.contract import link_facts as own
from link.contract import neighbour as voice
from link.contract import recording_orders as tape
from link.contract.batch import Ack, BatchHead, command_for, encode_ack, encode_batch, encode_command
from link.contract.envelope import pack
from link.contract.facts import EVIDENCE
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.contract.keyring import KeyEntry, KeyRing, encode_ring
from link.contract.patch_orders import SetPatch
from link.contract.realtime import Keep, TalkFrame, Up, encode_frame, encode_report
from link.contract.signed import Signature, Signed, encode_signed, kid_of

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
FIELD_FACTS: tuple[facts.Wire, ...] = (
    field.GrantDelayed(line="t1", queued=True, why="queued"),
    field.EmergencyCalled(line="t1", talker="2001"),
    field.PositionTold(line="t1", talker="2001", latitude=30.25, longitude=120.125, error_m=20),
    field.TalkGroupSelected(line="t1", group="1001"),
    field.RigTuned(line="hf1", frequency_hz=7_100_000, mode="LSB", passband_hz=2400),
    field.SignalChanged(line="t1", dbm=-85),
    field.DigitsHeard(line="r1", digits="12#"),
    field.CallPlaced(line="sat1", call=1, number="+8613800138000"),
    field.CallArrived(line="sat1", call=2, number=""),
    field.CallAnswered(line="sat1", call=2),
    field.CallEnded(line="sat1", call=2, number="", incoming=True, why="far end", seconds=31.5),
    field.TextArrived(line="sat1", key="k1", sender="+8613800138000", text="水位超警", how="sms"),
    field.TextSent(line="sat1", id="t-1"),
    field.TextDelivered(line="sat1", id="t-1"),
    field.TextFailed(line="sat1", id="t-2", why="no service", sure=True),
    field.OrderRefused(line="sat1", order="DialNumber", why="no service"),
    field.DeviceLied(line="t1", what="grant without request"),
    field.SoundProved(play="b-1.pa1", line="pa1", verdict="partly", share=0.5, correlation=0.75, rise=12.0),
    field.ContactChanged(contact="gate-1", active=True, state="closed"),
    field.SensorRead(sensor="level", value=31.25, unit="m"),
    field.SensorLost(sensor="level", why="no-answer"),
    field.RainFell(sensor="rain", mm=0.5, mm_per_h=12.0),
    field.SupplyChanged(supply="battery", volts=12.5),
    field.BypassChanged(bypass="trunk-1", on=True, why="power"),
    field.BypassDrilled(bypass="trunk-1", drill="d1", ok=True, fell=0.02, back=0.03),
)
LINK_FACTS: tuple[facts.Wire, ...] = (
    own.EventsDropped(lane="evt", epoch=77, first=5, last=9, count=5, why="quota"),
    own.RecordingReady(
        recording="r1-1",
        line="r1",
        sha=SHA,
        size=6400,
        seconds=3.2,
        codec="opus",
        started_ms=1,
        ended_ms=3201,
    ),
    own.RecordingGone(recording="r1-2", line="r1", why="quota"),
    own.IslandBegan(why="link lost"),
    own.IslandEnded(seconds=75.5),
    own.IslandFloor(group="valley", line="r1", talker="unit 12", why="first"),
    own.TriggerFired(trigger="dam", channel="drill", play="i-1", lines=("pa1",), because="level 31.2 m"),
    own.TriggerHeld(trigger="dam", why="repeat limit"),
    own.ClockChanged(by_ms=-4500, quality="ntp"),
    own.StoreSetAside(store="outbox", kept_as="outbox.db.damaged-1", why="malformed"),
    own.CommandAnswered(id="c1", s="done"),
)
ORDERS = (
    orders.DialLeg(line="r1", uri="sip:r1@127.0.0.1:5060", token="abcdefgh12345678"),
    orders.OpenSession(sid="5e551017", key=KEY.hex()),
    orders.PlayClip(play="b-1.pa1", line="pa1", sha=SHA, size=1000, seconds=12.5, priority=7, gain_db=-3.0),
    orders.StopClip(play="b-1.pa1"),
    orders.PlayTone(line="r1", tone="refused"),
    orders.SelectTalkGroup(line="t1", group="1001"),
    orders.TuneRig(line="hf1", frequency_hz=7_100_000, mode="LSB", passband_hz=2400),
    orders.DialNumber(line="sat1", number="+8613800138000"),
    orders.AnswerCall(line="sat1"),
    orders.HangUpCall(line="sat1"),
    orders.SendTones(line="sat1", digits="12#"),
    orders.SendText(line="sat1", id="t-1", to="+8613800138000", text="水位超警"),
    orders.SendStatus(line="t1", id="s-1", to="2001", status=32770),
    orders.SetBypass(bypass="trunk-1", on=True),
    orders.DrillBypass(bypass="trunk-1", drill="d1", seconds=5.0),
)
TAPES = (
    tape.RecordLine(recording="gw-a-r1-1", line="r1", seal=SHA, group="valley", cause="talk"),
    tape.EndRecording(recording="gw-a-r1-1", cause="emergency"),
    tape.RecordingKept(recording="gw-a-r1-1", line="r1", seconds=3.2, size=6400, cut=True, dropped=2),
    tape.RecordingLost(recording="gw-a-r1-1", line="r1", why="no opusenc", advice="install opus-tools"),
)
CALL_TALK = (
    call.PlaceCall(leg="call:1", number="2002", caller="2001", trunk="carrier", srtp=True),
    call.RingCall(leg="call:1", early=True),
    call.AnswerCall(leg="call:1"),
    call.EndCall(leg="call:1", code=486),
    call.PlayToCall(leg="call:1", sound="hold"),
    call.PressKeys(leg="call:1", digits="12#"),
    call.CallArrived(leg="call:1", caller="2001", number="2002", kind="trunk", trunk="carrier"),
    call.CallRang(leg="call:1", early=True),
    call.CallAnswered(leg="call:1", codec="PCMA/8000"),
    call.CallGone(leg="call:1", code=486, why="busy"),
    call.CallHeldAway(leg="call:1", held=True),
    call.KeyPressed(leg="call:1", digit="*"),
)
GROWN = {"command-PlayClip": "command-PlayClip-2", "centre": "centre-2", "desired": "desired-2"}
"""Kinds that have got or lost fields since their bytes were kept: name of the old bytes to name of today's."""


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
        "ack": encode_ack(Ack(epoch=77, upto=29, hold_ms=0)),
        **documents(),
        **authority(),
    }
    head = BatchHead(epoch=77, first_seq=5, boot="b007", t0_ms=WALL * 1000, mono0_ms=1000, tq="ntp")
    events = tuple(
        facts.Event(seq=5 + i, wall_ms=WALL * 1000 + i, mono_ms=1000 + i, fact=fact)
        for i, fact in enumerate(FACTS)
    )
    known["batch-of-one"] = encode_batch(head, events[:1])
    known["batch-of-all"] = encode_batch(head, events)
    field_events = tuple(
        facts.Event(seq=5 + i, wall_ms=WALL * 1000 + i, mono_ms=1000 + i, fact=fact)
        for i, fact in enumerate(FIELD_FACTS)
    )
    known["batch-of-field"] = encode_batch(head, field_events)
    known["batch-of-link"] = encode_batch(
        head,
        tuple(
            facts.Event(seq=5 + i, wall_ms=WALL * 1000 + i, mono_ms=1000 + i, fact=fact)
            for i, fact in enumerate(LINK_FACTS)
        ),
    )
    for number, order in enumerate(ORDERS, start=1):
        name = f"command-{type(order).__name__}"
        known[GROWN.get(name, name)] = encode_command(command_for(order, "gw-a", number, WALL))
    for name, (family, message) in neighbours().items():
        known[GROWN.get(name, name)] = family.encode(message)
    return known


def documents() -> dict[str, bytes]:
    """Births with lanes and clocks, and every kind of document."""
    lanes = (facts.LaneMark(lane="evt", epoch=77, prev_epoch=76, acked=4),)
    birth = facts.Birth(
        sid="5e551017",
        boot="b007b007.00000001",
        fw="0.1.0",
        lanes=lanes,
        t=WALL * 1000,
        mono_ms=1000,
        tq="ntp",
        profile="4g",
    )
    trigger = doc.DesiredTrigger(
        trigger="dam",
        channel="live",
        conditions=(
            doc.Condition(kind="above", source="level", value=31.0),
            doc.Condition(kind="contact", source="gate-1"),
        ),
        lines=("pa1",),
        sha=SHA,
        size=1000,
        seconds=12.5,
        stop="key",
    )
    group = doc.DesiredGroup(
        group="valley", members=(doc.DesiredMember(line="r1", priority=7, label="北站"),)
    )
    cfg = doc.Configuration(groups=(group,), triggers=(trigger,), seal=SHA)
    desired = doc.Desired(rev=3, cfg=cfg, blobs=(doc.DesiredBlob(sha=SHA, size=1000),))
    deaf = group.model_copy(update={"members": (doc.DesiredMember(line="r2", listen=True),)})
    ready = doc.TriggerReady(trigger="dam", ready=False, missing=(SHA,))
    reported = doc.Reported(rev_seen=3, rev_applied=2, triggers=(ready,), missing=(SHA,), disk_free=1 << 30)
    job = FirmwareJob.model_validate(
        {"job": "j1", "ver": "2.0", "url": "https://c/f", "sha": SHA, "size": 1000, "window": (22, 4)}
    )
    testing = FirmwareReport(job="j1", ver="2.0", phase="testing", pct=100, why="audio", slot="rootfs.1")
    return {
        "desired-fw": doc.encode_document(desired.model_copy(update={"fw": job})),
        "reported-fw": doc.encode_document(reported.model_copy(update={"fw": testing})),
        "birth-2": pack(birth.model_dump(mode="python")),
        "centre-2": doc.encode_document(doc.CentreState(on=True, cid="c0ffee", t=WALL * 1000)),
        "desired-2": doc.encode_document(desired),
        "desired-listen": doc.encode_document(doc.Desired(rev=3, cfg=doc.Configuration(groups=(deaf,)))),
        "reported": doc.encode_document(reported),
    }


def authority() -> dict[str, bytes]:
    """What persons and the root key sign, and what carries it."""
    conditions = (
        doc.Condition(kind="above", source="level", value=31.0),
        doc.Condition(kind="contact", source="gate-1"),
    )
    standing = auth.Standing(
        gateway="gw-a", trigger="dam", conditions=conditions, stop="key", most=3, per=3600
    )
    may = {"id": "b-1", "ch": "live", "clips": (SHA,), "by": "wang", "iat": WALL, "not_before": WALL}
    said = auth.Authority.model_validate(
        may | {"zones": ("north",), "lines": ("gw-a/pa1",), "text": "水位超警", "not_after": WALL + 300}
    )
    kept = auth.Authority.model_validate(
        may | {"id": "t-dam", "lines": ("gw-a/pa1",), "not_after": WALL + 400 * 86400, "standing": standing}
    )
    stop = auth.Stop(id="s-1", ref="b-1", ch="live", by="li", iat=WALL, exp=WALL + 300)
    return {
        "authority": auth.encode_raw(said),
        "authority-standing": auth.encode_raw(kept),
        "stop": auth.encode_raw(stop),
        **carried(auth.encode_raw(said)),
    }


def carried(said: bytes) -> dict[str, bytes]:
    """What the root key signs, and the messages that keys and authorities travel in."""
    kid, sig = kid_of(KEY), bytes(range(64))
    ring = KeyRing(
        rev=2,
        iat=WALL,
        root=KEY,
        keys=(KeyEntry(kid=kid, public=KEY, use="live", holder="wang", not_after=WALL + 86400),),
        revoked=("0123456789abcdef",),
    )
    signatures = (Signature(kid=kid, sig=sig),)
    clip = orders.PlayClip(play="b-1.pa1", line="pa1", sha=SHA, size=1000, seconds=12.5)
    more = {"auth": "b-1", "sid": "5e551017", "nonce": "n-1"}
    deliver = command_for(clip, "gw-a", 7, WALL, doc=encode_signed(Signed(said, signatures)), **more)
    agreed = command_for(orders.OpenSession(sid="5e551017", public=KEY.hex()), "gw-a", 8, WALL)
    birth = facts.Birth(sid="5e551017", boot="b", fw="1", nonce="n-1", talk=KEY, cert=b"DER", proof=b"ECDSA")
    result = facts.CommandResult(id="c1", s="rejected", why="clock-untrusted", t=1, nonce="n-2")
    return {
        "keyring": encode_ring(ring),
        "command-signed": encode_command(deliver, kid, signatures),
        "command-open-agreed": encode_command(agreed),
        "birth-3": pack(birth.model_dump(mode="python")),
        "result-2": pack(result.model_dump(mode="python")),
    }


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
        voice.SetClipGain(play="b-1.pa1", gain_db=-20.0),
        voice.SoundTone(line="pa1", tone="chime"),
        voice.GatherProof(play="b-1.pa1", line="pa1", judge=True),
        voice.RelaySeen(line="pa1", on=True, ampere=2.5),
        voice.SquelchChanged(line="hf1", on=True, since_ns=123456789),
        voice.DigitHeard(line="r1", digit="5"),
        voice.SoundJudged(
            play="b-1.pa1", line="pa1", verdict="played", share=1.0, correlation=0.9, rise=20.0
        ),
        SetPatch(patch="valley", members=("r1", "r2", "t1"), talkers=("r1",), listeners=("r2",)),
        voice.LegState(line="r1", up=False, code=408, why="no answer"),
        voice.DownlinkDrained(line="r1"),
        voice.ClipProgress(play="b-1.pa1", seconds=0.5),
        voice.ClipDone(play="b-1.pa1", ok=True, seconds=12.4),
        voice.SoundState(card="r1", ok=False, what="gone", advice="plug it in"),
        voice.LevelReport(card="r1", capture_rms=-20.5, capture_peak=9000, playback_rms=-96, playback_peak=0),
        *TAPES,
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
        voice.RecordingBegan(recording="g-1", epoch="e1", rate_hz=16000, tick=7, mono_ns=8, wall_ns=9),
        *CALL_TALK,
    )
    known = {f"gateway-voice-{type(m).__name__}": (voice.GATEWAY_VOICE, m) for m in gateway}
    return known | {f"centre-voice-{type(m).__name__}": (voice.CENTRE_VOICE, m) for m in centre}


def kept() -> dict[str, bytes]:
    """The golden bytes by name."""
    rows = (line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#"))
    return {name: bytes.fromhex(text) for name, text in rows}


if __name__ == "__main__":
    golden = kept() if FILE.exists() else {}
    assert len(FACTS) + len(FIELD_FACTS) + len(LINK_FACTS) == len(EVIDENCE)
    for name, payload in messages().items():
        if name not in golden:
            print(name, payload.hex())
