"""Runs a gateway process that has a desired document from the start, as its disk would have it after a first day.

`python -m tests.system.wrappers.desired_at_start GROUP LINE,LINE… python -m firmware run …`
"""

import runpy
import sys
from typing import Any

from firmware.build import GatewayBuild
from firmware.events import ConfigurationChanged
from link.contract.documents import Configuration, DesiredGroup, DesiredMember


def main() -> None:
    name, lines = sys.argv[1:3]
    members = tuple(DesiredMember(line=line) for line in lines.split(","))
    configuration = Configuration(groups=(DesiredGroup(group=name, members=members),))
    honest = GatewayBuild.run

    async def run(build: GatewayBuild) -> Any:
        build.switchboard.island.post(ConfigurationChanged(configuration))
        return await honest(build)

    GatewayBuild.run = run  # type: ignore[method-assign]
    command = sys.argv[3:]
    module = command[command.index("-m") + 1]
    sys.argv = [module, *command[command.index("-m") + 2 :]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
