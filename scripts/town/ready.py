"""Says when a town is ready, and what is missing while it is not. Asks the centre's API and nothing else."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from pydantic import ValidationError

from central.readmodels import TownView
from scripts.town.plan import TownPlan
from scripts.town.trust import verify

ASK_EVERY = 0.2
ASK_LIMIT = 2.0


class NotReady(RuntimeError):
    """The town did not become ready in time; the text names what is missing."""


def missing(view: TownView, plan: TownPlan) -> list[str]:
    """What is not there yet, in words; empty when gateways are online and legs stand."""
    lacking = [] if view.bus else ["the centre is not connected to the broker"]
    if not any(node.up for node in view.nodes):
        lacking.append("no voice node is up")
    online = {gateway.gateway for gateway in view.gateways if gateway.online}
    lines = {line.line: line for gateway in view.gateways for line in gateway.lines}
    for gateway in plan.gateways:
        if gateway.gateway not in online:
            lacking.append(f"gateway {gateway.gateway} is not online")
            continue
        silent = [line for line in gateway.lines if line not in lines or not lines[line].leg]
        if silent:
            lacking.append(f"no voice leg to {', '.join(silent)}")
    return lacking


async def wait_until_ready(
    api: str,
    token: str,
    plan: TownPlan,
    timeout: float,
    also: Callable[[], list[str]] = list,
    ca: Path | None = None,
) -> None:
    """Return when nothing is missing, neither by the API nor by `also`. NotReady after `timeout` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    async with httpx.AsyncClient(
        base_url=api, headers={"Authorization": f"Bearer {token}"}, trust_env=False, verify=verify(ca)
    ) as client:
        while lacking := also() or await _lacking(client, plan):
            if loop.time() > deadline:
                break
            await asyncio.sleep(ASK_EVERY)
    if lacking:
        raise NotReady(f"the town is not ready after {timeout:g} s: {'; '.join(lacking)}")


async def _lacking(client: httpx.AsyncClient, plan: TownPlan) -> list[str]:
    try:
        answer = await client.get("/api/v1/status", timeout=ASK_LIMIT)
        if answer.status_code != httpx.codes.OK:
            return [f"the API answers {answer.status_code}: {answer.text[:200]}"]
        return missing(TownView.model_validate_json(answer.content), plan)
    except httpx.HTTPError as error:
        return [f"the API at {client.base_url} does not answer ({type(error).__name__})"]
    except ValidationError as error:
        return [f"the API's answer is not understood: {error.errors()[0]['msg']}"]
