"""A field desk for tests of the API and the command line: a phone, a TETRA terminal and a rig, on real folds."""

from central.api.changes import Announcer, NoticeNow, OrderNow
from central.api.desk import DeskError
from central.api.field_requests import FieldOrder
from central.field_models import (
    BypassView,
    CallView,
    ContactView,
    EmergencyView,
    LineFieldView,
    OrderView,
    PositionView,
    RainView,
    SensorView,
    SiteView,
    TextView,
)
from central.notice_models import NoticeView

WALL = 1_700_000_000.0

PHONE = LineFieldView(
    line="gw-sat/p1",
    kind="phone",
    online=True,
    present=True,
    healthy=False,
    fault="not registered (check the SIM)",
    carrier=False,
    ptt=False,
    bars=4,
    dbm=-85,
    call=CallView(number="+8613812345678", incoming=True, state="ringing", since_wall=WALL),
)
TETRA = LineFieldView(
    line="gw-sat/t1",
    kind="tetra",
    online=True,
    present=True,
    healthy=True,
    carrier=False,
    ptt=False,
    talk_group="1001",
    last_talker="2001",
    last_talker_label="Boat 3",
    last_talker_wall=WALL,
    positions=(
        PositionView(
            talker="2001", label="Boat 3", latitude=30.5, longitude=120.25, error_m=20, at_wall=WALL
        ),
    ),
    emergencies=(EmergencyView(talker="2001", label="Boat 3", at_wall=WALL),),
)
RIG = LineFieldView(
    line="gw-sat/hf1",
    kind="shortwave",
    online=True,
    present=True,
    carrier=False,
    ptt=False,
    frequency_hz=7_100_000,
    mode="LSB",
)
SITE = SiteView(
    gateway="gw-sat",
    online=True,
    supply="battery",
    volts=11.9,
    supply_wall=WALL,
    contacts=(ContactView(contact="door", active=True, state="open", at_wall=WALL, present=True),),
    sensors=(
        SensorView(sensor="level", value=12.34, unit="m", at_wall=WALL, age=8.0, present=True),
        SensorView(
            sensor="flow", value=None, unit="m/s", at_wall=WALL, age=900.0, lost="no answer", present=True
        ),
    ),
    rain=(RainView(sensor="rain", mm_per_h=4.2, total_mm=17.4, at_wall=WALL, present=True),),
    bypasses=(BypassView(bypass="gw-sat/trunk1", on=False, why="ordered", at_wall=WALL, present=True),),
    lines=(PHONE, TETRA, RIG),
)
TEXT = TextView(
    id="o-1",
    line="gw-sat/p1",
    direction="out",
    number="10086",
    text="水位 12.3 m",
    how="sms",
    state="failed",
    why="no service",
    sure=False,
    by="wang",
    at_wall=WALL,
    changed_wall=WALL,
)


class FakeField:
    """See FieldDesk. Orders end as `ending` says: (state, why, fact); None: nothing follows."""

    def __init__(self, announcer: Announcer) -> None:
        self.announcer = announcer
        self.given: dict[str, OrderView] = {}
        self.asked: list[tuple[FieldOrder, str]] = []
        self.ending: tuple[str, str, str] | None = ("obeyed", "", "CallPlaced")
        self.at_once = True

    def sites(self) -> tuple[SiteView, ...]:
        return (SITE,)

    def line(self, name: str) -> LineFieldView:
        for line in SITE.lines:
            if line.line == name:
                return line
        raise DeskError(404, f"there is no line {name!r}", "did you mean 'gw-sat/p1'?")

    def texts(self, limit: int, line: str | None) -> tuple[TextView, ...]:
        return (TEXT,)[:limit]

    def orders(self, limit: int) -> tuple[OrderView, ...]:
        return tuple(reversed(self.given.values()))[:limit]

    def order(self, id: str) -> OrderView:
        if id not in self.given:
            raise DeskError(404, f"there is no order {id!r}")
        return self.given[id]

    async def give(self, asked: FieldOrder, by: str) -> OrderView:
        self.asked.append((asked, by))
        if not asked.order.startswith("bypass"):
            self.line(asked.subject)
        id = asked.id or f"o-{len(self.given) + 1}"
        details = asked.model_dump(mode="json", exclude={"order", "subject", "id"}, exclude_none=True)
        times = {"at_wall": WALL, "changed_wall": WALL}
        fields = {"id": id, "subject": asked.subject, "what": asked.order, "order": details, "by": by}
        self.given[id] = OrderView.model_validate({**fields, "state": "sent", "over": False, **times})
        if self.at_once:
            self.end(id)
        return self.given[id]

    def end(self, id: str) -> None:
        """What follows the order follows now."""
        if self.ending is not None:
            state, why, fact = self.ending
            self.given[id] = self.given[id].model_copy(
                update={"state": state, "why": why, "fact": fact, "over": True}
            )
        self.announcer.announce(OrderNow(order=self.given[id]))

    def notice(self) -> None:
        """An emergency is called."""
        said = {"number": 1, "at_wall": WALL, "what": "emergency", "line": "gw-sat/t1", "talker": "Boat 3"}
        self.announcer.announce(NoticeNow(notice=NoticeView.model_validate(said)))
