"""Wires the machines of one gateway to their doors: every runner, its machine and who performs its effects.

Doors come in from outside, so that the whole gateway runs on real ones (build.py) or on fakes (tests/flows).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from firmware.authority.desk import AuthorityDesk
from firmware.events import ProfileChosen
from firmware.guarding import Guard
from firmware.lines.machine import Line
from firmware.outbox.board import Evidence, Store
from firmware.paging.machine import FetchClip
from firmware.switchboard import Switchboard
from firmware.talk import LineSettings
from firmware.terminals.board import Shelf
from firmware.terminals.wiring import Ports, wire_terminal
from firmware.uplink.machine import Uplink
from firmware.uplink.messages import Identity
from firmware.wiring_authority import wire_authority
from firmware.wiring_island import wire_island
from firmware.wiring_paging import wire_speaker
from hw.board import Board
from hw.board_lines import Line as BoardLine
from hw.board_lines import LoudspeakerLine, Map27Line, PhoneLine, RadioLine, TalkLine, TetraLine
from hw.phone.profile import load_profile
from link.bus.port import Bus, NeighbourServer, NeverKept
from link.contract import facts
from link.contract.neighbour import BEAT_LOST
from link.contract.profile import PROFILES
from link.contract.topics import Row, Topics
from link.hosting.beat import BeatWatch
from link.hosting.clock import Clock
from link.hosting.runner import Runner


def describe(board: Board, labels: dict[str, str], legs: bool = True) -> tuple[facts.LineDescription, ...]:
    """What the centre is told of each line of a board; without `legs` it dials none of them."""
    return tuple(
        facts.LineDescription(
            line=line.id, kind=line.kind, label=labels.get(line.id, ""), geo=_geo(line), leg=legs
        )
        for line in board.lines
    )


def _geo(line: BoardLine) -> bool:
    """Whether sound over this line takes a geostationary hop (0.5 s and more each way). SettingsError."""
    return isinstance(line, PhoneLine) and load_profile(line.profile).voice.geo


def listens_to(identity: Identity) -> tuple[str, ...]:
    """What a gateway subscribes to. On the rows of orders a retained message shows itself also when it comes live."""
    topics = Topics(identity.realm)
    orders = {topics.of(row, identity.gateway) for row in (Row.COMMAND, Row.REALTIME_DOWN)}
    orders.add(topics.of(Row.GROUP_COMMAND))
    return tuple(
        NeverKept(topic) if topic in orders else topic for topic in topics.for_gateway(identity.gateway)
    )


def wire_gateway(
    board: Board,
    identity: Identity,
    clock: Clock,
    bus: Bus,
    guard: Guard,
    neighbour: NeighbourServer,
    fetch: Callable[[FetchClip], None],
    shelf: Shelf,
    ports: Ports,
    store: Store,
    authority: AuthorityDesk,
) -> Switchboard:
    """The switchboard of a gateway with a runner for everything that stands in the board file."""
    switchboard = Switchboard(clock, bus, guard, neighbour, fetch, shelf, authority)
    uplink = Uplink(identity, authority.first)
    switchboard.uplink = runner = Runner(
        "uplink",
        uplink,
        switchboard.perform_uplink,
        clock,
        limit=20_000,
        recover=lambda: (replace(uplink, check=runner.machine.check), ()),
    )
    wire_authority(switchboard, clock)
    switchboard.outbox = Evidence(
        store,
        bus,
        clock,
        lambda row: uplink.topics.of(row, identity.gateway),
        switchboard.uplink.inbox.post,
        switchboard.tell_health,
    )
    switchboard.outbox.runner.inbox.post(ProfileChosen(PROFILES[identity.profile]))
    watch = BeatWatch(BEAT_LOST)
    switchboard.watch = Runner("voice-watch", watch, switchboard.perform_watch, clock)
    for line in board.lines:
        if isinstance(line, LoudspeakerLine):
            wire_speaker(switchboard, line, clock, guard)
            continue
        _wire_line(switchboard, line, clock, guard)
        if not isinstance(line, RadioLine):
            wire_terminal(switchboard.terminals, board, line, clock, ports, shelf)
    wire_island(switchboard, clock)
    return switchboard


def _wire_line(switchboard: Switchboard, line: TalkLine, clock: Clock, guard: Guard) -> None:
    perform = switchboard.perform_line(line.id)
    device = not isinstance(line, RadioLine)
    runner: Runner[Line] = Runner(
        f"line-{line.id}",
        Line(settings_of(line), ready=not device),
        perform,
        clock,
        on_crash=partial(_safe, guard, line.ptt),
        recover=lambda: runner.machine.started_over(clock.now()),
    )
    switchboard.lines[line.id] = runner
    switchboard.outputs[line.ptt] = runner


def settings_of(line: TalkLine) -> LineSettings:
    """What the board file says of a talk line, for its machine."""
    trunked = isinstance(line, TetraLine | Map27Line)
    calls = isinstance(line, PhoneLine)
    return LineSettings(
        line=line.id,
        ptt=line.ptt,
        card=line.card,
        lead=line.lead_ms / 1000,
        tail=line.tail_ms / 1000,
        timeout=line.timeout,
        grant="device" if trunked else "guard",
        late=line.late_grant if isinstance(line, TetraLine | Map27Line) else 5.0,
        deaf=line.deaf_ms / 1000,
        tail_cut=line.tail_cut_ms / 1000,
        calls=calls,
        call_limit=line.call_limit if isinstance(line, PhoneLine) else 1800.0,
    )


def _safe(guard: Guard, out: str) -> None:
    guard.safe(out)
