"""What `spillway fleet` asks of the centre. See central.cli.core."""

from hashlib import file_digest
from pathlib import Path

from central.api.rollout_requests import LeaveOutRequest, RolloutRequest
from central.cli.core import Core, part
from central.cli.refusals import Misused
from central.readmodels import GatewayView
from central.update_models import BundleView, RolloutShown, RolloutView

SEND_PATIENCE = 600.0
"""Seconds of silence in which a bundle is checked and synced at the centre."""


def gateways(core: Core) -> tuple[GatewayView, ...]:
    """All gateways and their lines."""
    return core.ask(tuple[GatewayView, ...], "GET", "gateways")


def bundles(core: Core) -> tuple[BundleView, ...]:
    """What the centre holds."""
    return core.ask(tuple[BundleView, ...], "GET", "bundles")


def send_bundle(core: Core, path: Path) -> BundleView:
    """The bundle of this file, sent unless the centre has it. It is read piece by piece."""
    try:
        with path.open("rb") as file:
            sha = file_digest(file, "sha256").hexdigest()
            held = [each for each in bundles(core) if each.sha == sha]
            if held:
                return held[0]
            file.seek(0)
            params = {"sha": sha, "name": path.name[-80:]}
            headers = {"Content-Type": "application/octet-stream"}
            more = {"params": params, "headers": headers, "content": file, "timeout": SEND_PATIENCE}
            return core.ask(BundleView, "POST", "bundles", **more)
    except OSError as error:
        raise Misused(f"cannot be read: {error.strerror}", str(path)) from None


def remove_bundle(core: Core, sha: str) -> BundleView:
    """Forget a bundle."""
    return core.ask(BundleView, "DELETE", f"bundles/{part(sha)}")


def rollouts(core: Core) -> tuple[RolloutView, ...]:
    """All roll-outs that are shown."""
    return core.ask(tuple[RolloutView, ...], "GET", "rollouts")


def rollout(core: Core, id: str) -> RolloutShown:
    """One of them."""
    return core.ask(RolloutShown, "GET", f"rollouts/{part(id)}")


def start_rollout(core: Core, asked: RolloutRequest) -> RolloutShown:
    """Begin one."""
    return core.ask(RolloutShown, "POST", "rollouts", json=asked.model_dump(mode="json"))


def steer_rollout(core: Core, id: str, how: str) -> RolloutShown:
    """`how`: pause, resume or stop."""
    return core.ask(RolloutShown, "POST", f"rollouts/{part(id)}/{how}")


def leave_out(core: Core, id: str, gateway: str) -> RolloutShown:
    """Do not wait for this gateway."""
    body = LeaveOutRequest(gateway=gateway).model_dump(mode="json")
    return core.ask(RolloutShown, "POST", f"rollouts/{part(id)}/leave-out", json=body)
