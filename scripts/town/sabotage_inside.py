"""Runs a unit of the town with something broken in it: `… sabotage_inside --on NAME -- python -m firmware …`.

Started by the town in place of the unit (see Town.create); patches the unit's modules in this process and then
becomes the unit. With --switches a sabotage is on while a file of its name exists in that folder.
"""

import argparse
import runpy
import sys
from pathlib import Path

from scripts.town import sabotage_centre, sabotage_gateway, sabotage_outbox
from scripts.town.sabotage_patch import Switch

PATCHES = {
    ("central", "core"): sabotage_centre.CORE,
    ("central", "voice"): sabotage_centre.NODE,
    ("firmware", "run"): sabotage_gateway.GATEWAY | sabotage_outbox.OUTBOX,
    ("firmware", "voice"): sabotage_gateway.VOICE,
    ("firmware", "guard"): sabotage_gateway.GUARD,
}


def main() -> None:
    """Patch, then run what stands after `--`."""
    parser = argparse.ArgumentParser(prog="sabotage_inside")
    parser.add_argument("--on", default="")
    parser.add_argument("--switches", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = [word for word in arguments.command if word != "--"]
    module, words = command[2], command[3:]  # python -m MODULE WORDS…
    for name, patch in PATCHES[module, words[0]].items():
        if arguments.switches is not None:
            patch(Switch(arguments.switches / name))
        elif name == arguments.on:
            patch(Switch(None))
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
