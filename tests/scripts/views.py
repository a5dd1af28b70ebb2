"""Short ways to a town view for tests."""

from central.readmodels import (
    BroadcastView,
    ClipView,
    GatewayView,
    GroupView,
    HealthView,
    LineView,
    NodeView,
    TargetView,
    TownView,
)
from scripts.town.plan import default_plan


def whole() -> TownView:
    """The default town when everything is well."""
    plan = default_plan()
    gateways = tuple(
        GatewayView(gateway=g.gateway, online=True, lines=tuple(line(name) for name in g.lines))
        for g in plan.gateways
    )
    return TownView(
        at_wall=1.0,
        bus=True,
        gateways=gateways,
        groups=(GroupView(group="valley", state="idle", hang=2.0, timeout=60.0),),
        nodes=(NodeView(node="voice", up=True),),
    )


def line(name: str, **more: object) -> LineView:
    """One line, online and with its leg."""
    kind = "loudspeaker" if "/pa" in name else "radio"
    known = {"line": name, "kind": kind, "online": True, "carrier": False, "ptt": False, "leg": True}
    return LineView.model_validate(known | more)


def with_line(view: TownView, name: str, **more: object) -> TownView:
    """The town with one line changed."""
    return view.model_copy(
        update={"gateways": tuple(changed(gateway, name, **more) for gateway in view.gateways)}
    )


def changed(gateway: GatewayView, name: str, **more: object) -> GatewayView:
    """The gateway with one line changed."""
    lines = tuple(each.model_copy(update=more) if each.line == name else each for each in gateway.lines)
    return gateway.model_copy(update={"lines": lines})


def with_health(view: TownView, gateway: str, what: str) -> TownView:
    """The town with one thing wrong at a gateway."""
    ill = (HealthView(subject="card r1", ok=False, what=what, advice="plug it in"),)
    gateways = (g.model_copy(update={"health": ill}) if g.gateway == gateway else g for g in view.gateways)
    return view.model_copy(update={"gateways": tuple(gateways)})


def broadcast(state: str = "playing", target: str = "playing", name: str = "b-1") -> BroadcastView:
    """A broadcast to the north."""
    return BroadcastView.model_validate(
        {
            "id": name,
            "channel": "drill",
            "state": state,
            "over": state == "done",
            "priority": 5,
            "zones": ("north",),
            "clip": ClipView(sha="0" * 64, name="flood", seconds=2.0, size=64044),
            "by": "wang",
            "created_wall": 1.0,
            "not_after_wall": 2.0,
            "targets": (
                TargetView.model_validate({"line": "gw-north/pa1", "state": target, "play": "b-1.pa1"}),
            ),
        }
    )
