"""Who reaches the pjsua2 engine and how: connections, tokens, and telephone calls of an edge, rung, answered, held.

Part of the pjsua2 door; everything here runs in the pj thread, as a part of the exchange. Traps: a call that came is
answered by nobody but us, the library only says 100; hanging up one that was not answered says 603 unless a code is
given; a held call has no sound, so its silence must not end it; early sound needs the answer's SDP in the 183.
"""

from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from link.voice.call_port import CallCame, CallDigit, CallHeld, CallRinging, CallTo
from link.voice.edge import EdgeCall, NotTaken, offers_srtp
from link.voice.pjsua_legs import Leg, call_param
from link.voice.pjsua_ports import error_text, log
from link.voice.pjsua_tls import Connections
from link.voice.port import LegStats, PortId, VoiceError, VoiceSettings
from link.voice.screen import Screen

LEG_WATCH_EVERY = 2.5


class Calls:
    """What the exchange does for telephones. The exchange gives the names below."""

    _legs: dict[PortId, Leg]
    _account: Any
    _strict: Any
    _screening: Screen
    _settings: VoiceSettings
    _connections: Connections | None

    _post: Callable[[object], None]
    _end: Callable[[Leg, int, str], None]
    _dialled: Callable[[Leg, str, Any], PortId]

    # --- connections

    def connection_changed(self, prm: Any) -> None:
        """A connection came or went."""
        if self._connections is not None:
            self._connections.changed(prm)

    def library_said(self, line: str) -> None:
        """A TLS handshake that failed is told in the log only."""
        if self._connections is not None:
            self._connections.library_said(line)

    # --- orders

    def stats(self, port: PortId) -> LegStats:
        """Counters of a leg that is up."""
        leg = self._legs.get(port)
        if leg is None or leg.media is None:
            raise VoiceError(f"leg {port} is not up; ask again after LegUp")
        return leg.stats()

    def set_gain(self, port: PortId, gain: float) -> None:
        """How loudly a leg comes in."""
        leg = self._legs.get(port)
        if leg is None:
            raise VoiceError(f"leg {port} does not exist (any more); set its gain after LegUp")
        leg.take_in(gain)

    def call(self, port: PortId, uri: str, to: CallTo) -> PortId:
        """Dial a call; `uri` is where `to` lies."""
        if self._strict is None:
            raise VoiceError(f"{uri}: this engine has no edge and carries no telephone calls; set edges")
        account = self._strict if to.srtp else self._account
        leg = Leg(self, account, port, "")  # type: ignore[arg-type]  # the exchange is its owner
        leg.telephone, leg.encrypted = True, to.srtp
        param = call_param(to=to)
        here = self._account.getInfo()
        host = str(here.uri).rpartition("@")[2].strip(">")
        param.txOption.localUri = f"<sip:{to.caller.replace('#', '%23')}@{host}>"
        return self._dialled(leg, uri, param)

    def ring(self, port: PortId, early: bool) -> None:
        """180, or 183 with sound."""
        self._answered(self._telephone(port), 183 if early else 180)

    def answer(self, port: PortId) -> None:
        """200."""
        self._answered(self._telephone(port), 200)

    def refuse(self, port: PortId, code: int) -> None:
        """Any status; hung up if it stands already."""
        leg = self._telephone(port)
        self._end(leg, code, "refused here")

    def send_digits(self, port: PortId, digits: str) -> None:
        """RFC 4733."""
        leg = self._telephone(port)
        if not leg.confirmed:
            raise VoiceError(f"leg {port} is not answered; send digits after LegUp")
        leg.dialDtmf(digits)

    def hold(self, port: PortId, held: bool) -> None:
        """A re-INVITE that stops the far end's sound, or lets it flow again."""
        leg, param = self._telephone(port), call_param()
        if held:
            leg.setHold(param)
        else:
            param.opt.flag = pj.PJSUA_CALL_UNHOLD
            leg.reinvite(param)

    def _telephone(self, port: PortId) -> Leg:
        leg = self._legs.get(port)
        if leg is None or not leg.telephone:
            raise VoiceError(f"leg {port} is no telephone call (any more)")
        return leg

    def _answered(self, leg: Leg, code: int) -> None:
        if not leg.incoming or leg.confirmed:
            raise VoiceError(f"leg {leg.port} does not wait for an answer")
        try:
            leg.answer(call_param(code))
        except pj.Error as error:
            log.info("event=answer-failed leg=%d error=%s", leg.port, error_text(error))
            self._end(leg, 500, "cannot be answered")

    # --- what happens

    def _judged(self, call: EdgeCall | NotTaken | None, source: str, message: str) -> tuple[int, str]:
        """(SIP status, token) for an INVITE; 200 is good."""
        if isinstance(call, NotTaken):
            self._screening.refuse(source, call.why)
            return call.code, ""
        if call is not None:
            return 200, ""
        if self._settings.tls is not None and not offers_srtp(message):
            self._screening.refuse(
                source, "a gateway's sound has to be encrypted (SRTP) and is offered plain"
            )
            return 488, ""
        waiting = (leg for leg in self._legs.values() if leg.incoming and not leg.telephone)
        return self._screening.judge(source, message, sum(1 for leg in waiting if not leg.confirmed))

    def _came(self, leg: Leg, call: EdgeCall) -> None:
        """An edge's INVITE: it is told, and waits."""
        leg.telephone, leg.encrypted = True, call.needs_srtp
        self._legs[leg.port] = leg
        self._post(CallCame(leg.port, call.caller, call.kind, call.number, call.trunk, leg.source))

    def leg_rings(self, leg: Leg, early: bool) -> None:
        """LegOwner."""
        if leg.telephone and leg.port in self._legs:
            self._post(CallRinging(leg.port, early))

    def leg_held(self, leg: Leg, held: bool) -> None:
        """LegOwner."""
        if leg.telephone and leg.port in self._legs:
            self._post(CallHeld(leg.port, held))

    def leg_digit(self, leg: Leg, digit: str) -> None:
        """LegOwner."""
        if leg.telephone and leg.port in self._legs:
            self._post(CallDigit(leg.port, digit))

    def _end_silent(self, now: float, limit: float) -> None:
        """Hang up gateways' legs from which nothing came for `limit` s. Telephones may be silent: a refresh of their
        session finds out who is gone."""
        for leg in list(self._legs.values()) if limit else ():
            packets, since = leg.rx_seen
            if not leg.announced or leg.telephone or leg.media is None:
                continue
            if now - since < min(limit, LEG_WATCH_EVERY):
                continue
            try:
                count = leg.rx_packets()
            except pj.Error as error:
                log.debug("event=no-stats leg=%d error=%s", leg.port, error_text(error))
                count = packets
            if count != packets:
                leg.rx_seen = (count, now)
            elif now - since >= limit:
                self._end(leg, 408, f"no media for {limit:g} s")
