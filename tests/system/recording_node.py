"""A voice node on the real engine, whose legs are tones: `python -m tests.system.recording_node FOLDER`.

It obeys a script: two conversations, of which one line moves from the first to the second; facts go out as JSON lines.
Whoever kills it finds what a node leaves behind.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from central.voice.node import VoiceNode
from link.contract import neighbour as say
from link.voice.pjsua_engine import PjsuaEngine
from link.voice.port import VoiceSettings
from tests.system.voice_child import Ear, Tone

RATE = 16000
HZ = {"gw-a/r1": 440, "gw-b/r1": 700, "gw-c/r1": 1000}
A, B, C = HZ


def record(name: str, group: str, *legs: str) -> say.StartRecording:
    path = f"d/{name}.wav"
    return say.StartRecording(recording=name, path=path, bridge=group, mixed=not legs, legs=legs, segment_s=1)


def tell(fact: say.Wire) -> None:
    print(json.dumps({"k": type(fact).__name__, **fact.model_dump(mode="json")}), flush=True)


async def main(folder: Path) -> None:
    engine = PjsuaEngine(VoiceSettings(rate_hz=RATE))
    limits = await engine.start(lambda fact: None)
    node = VoiceNode(engine, limits, folder, tell, rate_hz=RATE)
    for name, hz in HZ.items():
        node.legs[name] = await engine.add_frames(name, Tone(hz, RATE), Ear(), RATE)
    obey = node.obey
    await obey(say.SetBridge(bridge="valley", talkers=(A,), listeners=(B,)))
    for order in (record("valley", "valley"), record("leg-a", "valley", A), record("leg-b", "valley", B)):
        await obey(order)
    await obey(say.SetBridge(bridge="hill", talkers=(C,), listeners=()))
    await obey(record("hill", "hill"))
    await asyncio.sleep(1.2)
    await obey(say.SetBridge(bridge="hill", talkers=(B,), listeners=(C,)))
    await node.tapings.cut()
    await asyncio.sleep(1.1)
    await node.tapings.cut()
    if len(sys.argv) > 2:
        await asyncio.sleep(60)
    for name in tuple(node.tapings.running):
        await obey(say.StopRecording(recording=name))
    await asyncio.gather(*node.tapings.closing)
    await engine.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
