"""What TLS costs on the talk path: core's frame through mosquitto to a gateway, secured and plain; and the sign-in."""

import asyncio
import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from link.bus.broker_file import CENTRE, write_broker, write_secured_broker
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusUp, Message
from scripts.figures.figure import Budget, Figure, Load
from scripts.town.certificates import make_certificates
from scripts.town.plan import GatewayPlan, TownPlan
from scripts.town.ports import HOST, free_tcp_port
from scripts.town.stages import find_mosquitto

GATEWAY = "gw-bench"
TRIPS, SIGN_INS = 500, 30
TOPIC = f"sw/1/main/dn/{GATEWAY}/rt"
PATIENCE = 10.0


def measure(folder: Path) -> list[Figure]:
    """The figures of both kinds. OSError (TimeoutError) when a broker does not carry."""
    with Load() as load:
        kinds = {"plain": _plain(folder / "plain"), "TLS": _secured(folder / "secured")}
        taken = {kind: asyncio.run(_taken(*made)) for kind, made in kinds.items()}
    note = f"{TRIPS} frames of 60 octets, QoS 1, publish to sink, one after the other"
    figures = []
    for kind, (trips, sign_ins) in taken.items():
        figures.append(Figure(f"frame core → gateway, {kind}", "ms", trips, Budget(), load.both, note))
        figures.append(Figure(f"sign-in until subscribed, {kind}", "ms", sign_ins, Budget(), load.both))
    return figures


def _plain(folder: Path) -> tuple[Path, BrokerSettings, BrokerSettings]:
    port, words = free_tcp_port(), {name: secrets.token_hex(12) for name in (CENTRE, GATEWAY)}
    ends = [BrokerSettings(HOST, port, name, name, word) for name, word in words.items()]
    return write_broker(folder, port, words), *ends


def _secured(folder: Path) -> tuple[Path, BrokerSettings, BrokerSettings]:
    port = free_tcp_port()
    pki = make_certificates(TownPlan((GatewayPlan(GATEWAY, "Bench"),)), folder / "pki")
    ends = [BrokerSettings(HOST, port, name, tls=pki.files(name)) for name in (CENTRE, GATEWAY)]
    return write_secured_broker(folder / "broker", port, pki.files("broker")), *ends


async def _taken(
    configuration: Path, centre: BrokerSettings, gateway: BrokerSettings
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds of each trip and of each sign-in."""
    with _broker(configuration, centre.port):
        core, at_core = await _up(centre)
        end, at_end = await _up(gateway, TOPIC)
        trips = []
        for _ in range(TRIPS):
            began = time.perf_counter()
            core.publish(TOPIC, bytes(60), expiry=2)
            async with asyncio.timeout(PATIENCE):
                while not isinstance(await at_end.get(), Message):
                    pass
            trips.append((time.perf_counter() - began) * 1000)
        await end.stop()
        sign_ins = []
        for _ in range(SIGN_INS):
            began = time.perf_counter()
            again, _facts = await _up(gateway, TOPIC)
            sign_ins.append((time.perf_counter() - began) * 1000)
            await again.stop()
        await core.stop()
        return tuple(trips), tuple(sign_ins)


async def _up(settings: BrokerSettings, *topics: str) -> tuple[PahoBus, "asyncio.Queue[object]"]:
    """A door that is let in, and what comes out of it."""
    loop, facts = asyncio.get_running_loop(), asyncio.Queue[object]()
    bus = PahoBus(settings)
    await bus.start(lambda fact: loop.call_soon_threadsafe(facts.put_nowait, fact), topics)
    async with asyncio.timeout(PATIENCE):
        while not isinstance(fact := await facts.get(), BusUp):
            print(f"  {settings.client_id}: {fact}")
    return bus, facts


@contextlib.contextmanager
def _broker(configuration: Path, port: int) -> Iterator[None]:
    """A mosquitto that listens."""
    with configuration.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([find_mosquitto(), "-c", configuration], stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        while not _listens(port):
            if time.monotonic() > end or process.poll() is not None:
                raise OSError(f"mosquitto does not listen; see {log.name}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1.0):
        return True
    return False
