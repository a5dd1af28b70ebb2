"""Ready means: broker, voice node, every gateway and every leg; what lacks is named."""

import httpx
import pytest

from scripts.town import ready
from scripts.town.plan import default_plan
from scripts.town.ready import NotReady, missing, wait_until_ready
from tests.scripts.views import whole, with_line

PLAN = default_plan()


def test_a_whole_town_lacks_nothing() -> None:
    assert missing(whole(), PLAN) == []


def test_each_lack_is_named() -> None:
    view = with_line(with_line(whole(), "gw-south/r2", leg=False), "gw-south/r1", leg=False)
    assert missing(view, PLAN) == ["no voice leg to gw-south/r1, gw-south/r2"]
    assert missing(view.model_copy(update={"bus": False, "nodes": ()}), PLAN)[:2] == [
        "the centre is not connected to the broker",
        "no voice node is up",
    ]
    offline = whole().gateways[0].model_copy(update={"online": False})
    left = whole().model_copy(update={"gateways": (offline, whole().gateways[1])})
    assert missing(left, PLAN) == [
        "gateway gw-north is not online",
        "gateway gw-dam is not online",
        "gateway gw-lake is not online",
    ]


def test_a_line_that_the_centre_does_not_know_has_no_leg() -> None:
    short = whole().gateways[0].model_copy(update={"lines": whole().gateways[0].lines[:1]})
    view = whole().model_copy(update={"gateways": (short, *whole().gateways[1:])})
    assert missing(view, PLAN) == ["no voice leg to gw-north/pa1"]


async def test_processes_that_are_not_ready_are_named_first() -> None:
    with pytest.raises(NotReady, match="process core is resting"):
        await wait_until_ready(
            "http://127.0.0.1:1", "secret", PLAN, 0.02, lambda: ["process core is resting"]
        )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, json=whole().model_dump(mode="json")), None),
        (httpx.Response(401, text="no token was shown"), "the API answers 401: no token"),
        (httpx.Response(200, json={"bus": 1}), "the API's answer is not understood"),
        (httpx.ConnectError("refused"), "does not answer .ConnectError."),
    ],
)
async def test_the_api_is_asked_with_the_token(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception, said: str | None
) -> None:
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    real = httpx.AsyncClient

    def made(**more: object) -> httpx.AsyncClient:
        return real(transport=httpx.MockTransport(reply), **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ready.httpx, "AsyncClient", made)
    monkeypatch.setattr(ready, "ASK_EVERY", 0.0)
    if said is None:
        await wait_until_ready("http://127.0.0.1:1", "secret", PLAN, 5.0)
    else:
        with pytest.raises(NotReady, match=rf"not ready after 0 s: .*{said}"):
            await wait_until_ready("http://127.0.0.1:1", "secret", PLAN, 0.0)
    assert asked[0].url.path == "/api/v1/status"
    assert asked[0].headers["authorization"] == "Bearer secret"
