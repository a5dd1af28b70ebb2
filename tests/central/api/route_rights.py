"""Which right each route asks for, and where: the tables of test_api_rights.py. A new route has to stand in one."""

from typing import Any

from central.people.functions import Role
from tests.central.api.fake_enrolment import KEY

DOCUMENTATION = {"/openapi.json", "/docs", "/docs/oauth2-redirect"}
OPEN = {"POST /sign-in", "POST /invitation", "POST /enrol", "GET /enrol/{gateway}"}
"""Whoever has nothing to show yet."""
OWN = {
    "POST /sign-out",
    "GET /people/{name}",
    "POST /people/{name}/password",
    "GET /people/{name}/sessions",
    "DELETE /people/{name}/sessions/{id}",
    "GET /people/{name}/tokens",
    "POST /people/{name}/tokens",
    "DELETE /people/{name}/tokens/{id}",
}
"""What is a person's own needs no right; asked about somebody else it does."""
GATEWAYS = {"HEAD /up/{sha}", "PATCH /up/{sha}", "POST /renew"}
"""For gateways only."""

SIGNATURE = {"kid": "0f" * 8, "sig": "A" * 86 + "=="}
STORM = {"group": "storm", "lines": [{"line": "gw-north/p1"}, {"line": "gw-sat/p1"}]}
STEERED = {"pause": "u-1", "resume": "u-2", "stop": "u-1"}
IN_AREAS: dict[str, tuple[Role, str, str, Any]] = {
    "GET /groups/{group}": ("observer", "valley", "hills", None),
    "PATCH /groups/{group}": ("dispatcher", "valley", "hills", {"hang": 1}),
    "POST /patches": ("dispatcher", "", "hills", {"groups": ["valley", "ridge"]}),
    "DELETE /patches/{id}": ("dispatcher", "patch-1", "hills", None),
    "POST /groups": ("dispatcher", "", "north-dam", STORM),
    "POST /broadcasts": ("dispatcher", "", "north-dam", {"zones": ["north"], "text": "x", "channel": "test"}),
    "POST /broadcasts/{id}/approve": ("supervisor", "b-1", "north-dam", None),
    "POST /broadcasts/{id}/sign": ("supervisor", "b-1", "north-dam", SIGNATURE),
    "POST /keys/{kid}/approve": ("administrator", "", "", None),
    "POST /triggers/{id}/sign": ("supervisor", "dam", "north-dam", SIGNATURE),
    "GET /lines/{line}": ("observer", "gw-north/r1", "north-dam", None),
    "POST /orders": ("dispatcher", "", "north-dam", {"order": "answer", "subject": "gw-sat/p1"}),
    "GET /orders/{id}": ("observer", "ORDER", "north-dam", None),
    "POST /calls": ("dispatcher", "", "", {"number": "2001", "to": "2002"}),
    "POST /calls/{id}/transfer": ("dispatcher", "c-1", "", {"leaving": "2002", "to": "2003"}),
    "POST /calls/{id}/join": ("dispatcher", "c-1", "", {"other": "c-2", "common": "2002"}),
    "GET /calls/{id}": ("observer", "c-1", "", None),
    "DELETE /calls/{id}": ("dispatcher", "c-1", "", None),
    "GET /recordings/{id}": ("dispatcher", "g-valley-1", "hills", None),
    "GET /recordings/{id}/audio": ("dispatcher", "g-valley-1", "hills", None),
    "POST /recordings/{id}/want": ("dispatcher", "g-valley-1", "hills", None),
    "GET /quarantine/{id}/raw": ("technician", "3", "", None),
    "GET /journal": ("supervisor", "", "", None),
    "POST /journal/verify": ("supervisor", "", "", None),
    "POST /recordings/mix": ("dispatcher", "", "hills", {"recordings": ["g-valley-1"]}),
    "POST /recordings/export": ("dispatcher", "", "hills", {"recordings": ["g-valley-1"], "why": "x"}),
    "POST /recordings/verify": ("supervisor", "", "", None),
    "GET /recordings/holds": ("supervisor", "", "", None),
    "POST /recordings/{id}/hold": ("supervisor", "g-valley-1", "", {"why": "x"}),
    "POST /recordings/holds/{id}/release": ("supervisor", "3", "", {"why": "x"}),
    "POST /people": (
        "administrator",
        "",
        "north-dam",
        {"name": "x", "grants": [{"role": "observer", "area": "north-dam"}]},
    ),
    "POST /enrolments": ("technician", "", "north-dam", {"gateway": "gw-north"}),
    "POST /enrolments/{gateway}/approve": ("technician", "gw-north", "north-dam", {"fingerprint": KEY}),
    "POST /enrolments/{gateway}/refuse": ("technician", "gw-north", "north-dam", None),
    "POST /phones": ("technician", "", "", {"number": "205"}),
    "POST /phones/{number}/secret": ("technician", "", "", None),
    "DELETE /phones/{number}": ("technician", "", "", None),
    "POST /bundles": ("technician", "", "", "good"),
    "DELETE /bundles/{sha}": ("technician", "", "", None),
    "POST /rollouts": ("technician", "", "north-dam", {"sha": "a" * 64, "gateways": ["gw-north"]}),
    "GET /rollouts/{id}": ("technician", "u-1", "north-dam", None),
    **{f"POST /rollouts/{{id}}/{how}": ("technician", id, "north-dam", None) for how, id in STEERED.items()},
    "POST /rollouts/{id}/leave-out": ("technician", "u-1", "north-dam", {"gateway": "gw-sat"}),
    "PATCH /people/{name}": ("administrator", "li", "", {"label": "x"}),
    "DELETE /people/{name}": ("administrator", "li", "", None),
    "POST /people/{name}/invitation": ("administrator", "li", "", {}),
    "POST /people/{name}/unlock": ("administrator", "li", "", None),
}
"""Routes about something that lies in an area: with which role, what, where, body. Elsewhere they refuse."""
SHOWN = {
    "GET /status",
    "GET /gateways",
    "GET /groups",
    "GET /patches",
    "GET /sites",
    "GET /calls",
    "GET /lines",
    "GET /texts",
    "GET /orders",
    "GET /events",
    "GET /quarantine",
    "GET /recordings",
    "GET /enrolments",
    "GET /rollouts",
    "GET /people",
    "GET /sessions",
}
"""Lists: they answer with what the asker may see."""
EVERYWHERE = {
    "GET /metrics": "plain counters of the whole centre",
    "GET /broadcasts": "a warning concerns everybody",
    "GET /broadcasts/{id}": "a warning concerns everybody",
    "POST /broadcasts/{id}/stop": "to stop is never a matter of area",
    "GET /phones": "who may call sees whom he can call",
    "GET /phones/{number}": "who may call sees whom he can call",
    "GET /keys": "public halves, and whose they are",
    "POST /keys": "one's own key",
    "POST /keys/{kid}/revoke": "one's own; another's asks for the root, see test_key_desk.py",
    "GET /triggers": "what sounds by itself concerns everybody",
    "GET /recordings/seal": "the head of the chain tells nothing of anybody",
    "GET /clips": "names are shared by all areas",
    "POST /clips": "a sound without a name is nobody's; a named one asks for the root, below",
    "GET /blob/{sha}": "who knows a hash was shown the clip",
    "GET /bundles": "files for all gateways",
    "GET /access": "roles and areas there are",
}
