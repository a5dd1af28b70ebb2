"""SIP legs of the pjsua2 engine: the call, and the account that screens who calls us.

Part of the pjsua2 door; everything here runs in the pj thread. Traps: T.140 text is offered by default
(a clock thread per call, slow hang-up), so every CallOpParam is made by `call_param`; an incoming call
without a Call object kept alive is dropped by the library; callbacks swallow exceptions, so each body is
guarded; whether sound is encrypted is the account's, the callback that asks for a leg changes nothing: what is
dialled takes the account that fits, what comes is judged by its offer, at the screen and at each re-INVITE; the
library follows REFER, Replaces and SUBSCRIBE by default, here they are all declined; members of a returned struct
point into it, so it is held in a name while they are read (`self.getInfo().media` reads freed memory).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import pjsua2 as pj

from link.voice.call_port import CALLER_HEADER, KIND_HEADER, TRUNK_HEADER, CallTo
from link.voice.edge import offers_srtp
from link.voice.pjsua_ports import error_text, log, log_failure
from link.voice.pjsua_tls import demand_srtp
from link.voice.port import TOKEN_HEADER, LegStats, PortId, VoiceSettings

P = ParamSpec("P")
S = TypeVar("S")
DECLINE = 603
SESSION_EXPIRES = 600
"""Seconds of a SIP session; half of it is the time between refreshes."""


def guarded(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """A callback whose exceptions end in our log instead of the library's nowhere."""

    @wraps(method)
    def call(self: S, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:  # noqa: BLE001 - a callback's edge
            log_failure(f"callback-failed name={method.__name__}")

    return cast(Callable[Concatenate[S, P], None], call)


def call_param(code: int = 0, token: str | None = None, to: CallTo | None = None) -> Any:
    """A CallOpParam for one audio stream and nothing else, with our token header if there is a token."""
    param = pj.CallOpParam(True)
    param.opt.audioCount = 1
    param.opt.videoCount = 0
    if hasattr(param.opt, "textCount"):
        param.opt.textCount = 0
    if code:
        param.statusCode = code
    shown = {} if token is None else {TOKEN_HEADER: token}
    if to is not None:
        shown |= {CALLER_HEADER: to.caller, KIND_HEADER: to.kind}
        shown |= {TRUNK_HEADER: to.trunk} if to.trunk else {}
    for name, value in shown.items():
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        param.txOption.headers.append(header)
    return param


class LegOwner(Protocol):
    """What a leg tells its engine, in the pj thread."""

    def leg_answered(self, leg: "Leg") -> None:
        """Confirmed; it may have media or not."""
        ...

    def leg_media(self, leg: "Leg") -> None:
        """Its media came, changed or went."""
        ...

    def leg_ended(self, leg: "Leg", code: int, reason: str) -> None:
        """Disconnected; the object may be dropped after this callback."""
        ...

    def leg_rings(self, leg: "Leg", early: bool) -> None:
        """The far end of a call that we dialled rings."""
        ...

    def leg_held(self, leg: "Leg", held: bool) -> None:
        """The far end stopped its sound, or lets it flow again."""
        ...

    def leg_digit(self, leg: "Leg", digit: str) -> None:
        """A key was pressed at the far end."""
        ...


class Leg(pj.Call):  # type: ignore[misc]
    """One SIP call. `media` is its bridge port, or None while there is none; `source` is the caller's address.

    `telephone`: it is a call from or to an edge; `encrypted`: its sound has to be.
    """

    def __init__(
        self, owner: LegOwner, account: Any, port: PortId, token: str, call_id: int = -1, source: str = ""
    ) -> None:
        super().__init__(account, call_id)
        self.source = source
        self.owner = owner
        self.port = port
        self.token = token
        self.incoming = call_id >= 0
        self.media: Any = None
        self.media_index = -1
        self.confirmed = False
        self.announced = False
        self.ended = False
        self.rx_seen = (-1, 0.0)
        self.gain = 1.0
        self.telephone = False
        self.held = False
        self.encrypted = False

    @guarded
    def onCallState(self, prm: Any) -> None:
        """SIP state changed."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and not self.incoming:
            self.owner.leg_rings(self, early=int(info.lastStatusCode) == 183)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.confirmed = True
            self.owner.leg_answered(self)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED and not self.ended:
            self.ended, self.media = True, None
            self.owner.leg_ended(self, int(info.lastStatusCode), str(info.lastReason))

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Media came, changed (re-INVITE) or went: fetch the bridge port anew, it is never kept across."""
        self.media, self.media_index = None, -1
        info = self.getInfo()
        held = False
        for item in info.media:
            if item.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            held = held or item.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD
            if item.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.media, self.media_index = self.getAudioMedia(item.index), item.index
                break
        self.take_in(self.gain)
        self.owner.leg_media(self)
        if held != self.held:
            self.held = held
            self.owner.leg_held(self, held)

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """A key, by RFC 4733 or by INFO."""
        self.owner.leg_digit(self, str(prm.digit)[:1].upper())

    @guarded
    def onCallRxOffer(self, prm: Any) -> None:
        """A re-INVITE or UPDATE: what was encrypted stays so."""
        if self.encrypted and not offers_srtp(str(prm.offer.wholeSdp)):
            prm.statusCode = pj.PJSIP_SC_NOT_ACCEPTABLE_HERE

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """REFER: nobody moves our legs."""
        prm.statusCode = DECLINE

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Replaces: nobody takes over our legs."""
        prm.statusCode = DECLINE

    def onCallRedirected(self, prm: Any) -> int:
        """3xx: stop; the leg ends with that status."""
        return int(pj.PJSIP_REDIRECT_STOP)

    def take_in(self, gain: float) -> None:
        """Bring its sound into the bridge `gain` times as loud. In the library's words: what the far end transmits."""
        self.gain = gain
        if self.media is not None:
            self.media.adjustTxLevel(gain)

    def codec(self) -> str:
        """Codec in use, like `G722/16000`."""
        info = self.getStreamInfo(self.media_index)
        return f"{info.codecName}/{info.codecClockRate}"

    def rx_packets(self) -> int:
        """RTP packets received since the media started."""
        stat = self.getStreamStat(self.media_index)
        return int(stat.rtcp.rxStat.pkt)

    def stats(self) -> LegStats:
        """Counters now."""
        stat = self.getStreamStat(self.media_index)
        rtcp = stat.rtcp
        rx, tx = rtcp.rxStat, rtcp.txStat
        return LegStats(
            rx_packets=int(rx.pkt),
            tx_packets=int(tx.pkt),
            rx_lost=int(rx.loss),
            rx_discarded=int(rx.discard),
            jitter_ms=rx.jitterUsec.mean / 1000,
            rtt_ms=rtcp.rttUsec.last / 1000,
        )

    def bye(self, code: int = 0) -> None:
        """Hang up (a call that came and was not answered, with that SIP status); onCallState tells when SIP is done."""
        self.media = None
        try:
            self.hangup(call_param(code))
        except pj.Error as error:
            log.debug("event=hangup-failed leg=%d error=%s", self.port, error_text(error))


class Gate(pj.Account):  # type: ignore[misc]
    """The engine's one account. Every INVITE is put before `screen`; all else is declined."""

    def __init__(self, screen: Callable[[int, str, str], None]) -> None:
        """`screen(call_id, source address, whole message)` must make a Leg of the call or it is lost."""
        super().__init__()
        self._screen = screen

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE."""
        self._screen(int(prm.callId), str(prm.rdata.srcAddress), str(prm.rdata.wholeMsg))

    @guarded
    def onIncomingSubscribe(self, prm: Any) -> None:
        """Presence is nobody's business."""
        prm.code = DECLINE


def gate_config(settings: VoiceSettings, sip_port: int, strict: bool = False) -> Any:
    """Account without registration, media sockets in the settings' port range.

    `strict`: for calls to edges that must be encrypted; nobody calls its name, so that it gets no call that comes.
    """
    host = settings.bind_host if settings.bind_host != "0.0.0.0" else "127.0.0.1"
    config = pj.AccountConfig()
    config.idUri = "sip:strict@strict.invalid" if strict else f"sip:spillway@{host}:{sip_port}"
    config.regConfig.registerOnAdd = False
    media = config.mediaConfig.transportConfig
    media.port = settings.rtp_port
    # The library's range end is inclusive and RTCP lies one above it.
    media.portRange = settings.rtp_ports - 2
    media.boundAddress = "" if settings.bind_host == "0.0.0.0" else settings.bind_host
    if settings.tls is not None:
        demand_srtp(config.mediaConfig)
    if settings.edges:
        use = pj.PJMEDIA_SRTP_MANDATORY if strict else pj.PJMEDIA_SRTP_OPTIONAL
        config.mediaConfig.srtpUse = use
        config.mediaConfig.srtpSecureSignaling = int(settings.tls is not None)
        # Who has vanished in the middle of a call is found at the next refresh.
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
        config.callConfig.timerMinSESec, config.callConfig.timerSessExpiresSec = 90, SESSION_EXPIRES
    return config
