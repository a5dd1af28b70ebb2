"""Rules of the house that a parser can see: broad excepts, subscriptions, outputs, the event loop."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import Function, calls, functions, python_files, tree

BROAD = {
    "central/store/database.py": 3,
    "central/store/journal.py": 1,
    "central/store/migrations/__init__.py": 1,
    "firmware/authority/store.py": 2,
    "firmware/outbox/store.py": 2,
    "hw/bench/control_link.py": 1,
    "hw/bench/pin_factory.py": 1,
    "hw/pins.py": 6,
    "hw/squelch/ear.py": 1,
    "link/bus/aside.py": 1,
    "link/bus/fake.py": 1,
    "link/bus/paho_bus.py": 3,
    "link/bus/paho_session.py": 1,
    "link/bus/stream.py": 1,
    "link/bus/stream_fake.py": 1,
    "link/hosting/process.py": 1,
    "link/hosting/runner.py": 3,
    "link/voice/pjsua_exchange.py": 1,
    "link/voice/pjsua_legs.py": 1,
    "link/voice/pjsua_ports.py": 4,
    "link/voice/pjsua_thread.py": 3,
    "link/voice/pjsua_tls.py": 1,
}
"""File -> handlers of `Exception` or wider in it: runner, edge of a process, callback edges of doors."""

SUBSCRIBING = {
    *("subscribe", "add_listener", "add_subscriber", "add_observer", "add_callback", "register_callback"),
    *("observe", "on_event", "connect_signal", "message_callback_add"),
}
SUBSCRIBERS = {"link/bus/paho_session.py"}
"""Who may call one of these: the door to the broker, with the list that a build gave it."""

BLOCKING = {
    *("time.sleep", "os.system", "os.popen", "os.fsync", "os.fdatasync", "os.sync", "open", "input"),
    *("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"),
    *("subprocess.Popen", "socket.create_connection", "urllib.request.urlopen", "sqlite3.connect"),
    *("shutil.copyfile", "shutil.copy", "shutil.copytree", "shutil.move", "shutil.rmtree"),
    *("wave.open", "hashlib.file_digest", "zipfile.ZipFile", "tarfile.open"),
}
BLOCKING_METHODS = {"read_text", "read_bytes", "write_text", "write_bytes", "rglob", "glob", "open", "fsync"}
BLOCKED = {"link/voice/pjsua_engine.py:_header_written calls path.open"}
"""What a coroutine does on the loop all the same: reads eight bytes that its own process has just written."""


def broad(module: ast.Module) -> int:
    """How many handlers catch everything."""
    wide = {"Exception", "BaseException"}
    count = 0
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            count += any(kind is None or (isinstance(kind, ast.Name) and kind.id in wide) for kind in kinds)
    return count


def silent(module: ast.Module) -> list[int]:
    """Lines of broad handlers that neither log, raise, nor use the exception."""
    found = []
    for node in ast.walk(module):
        if not isinstance(node, ast.ExceptHandler) or not broad(ast.Module([_try(node)], [])):
            continue
        used = {each.id for each in ast.walk(ast.Module(node.body, [])) if isinstance(each, ast.Name)}
        tells = [name for name, _ in calls(ast.Module(node.body, []))]
        logs = any(name.startswith(("log.", "log_")) or name.endswith("_failed") for name in tells)
        raises = any(isinstance(each, ast.Raise) for each in ast.walk(ast.Module(node.body, [])))
        if not (logs or raises or (node.name and node.name in used)):
            found.append(node.lineno)
    return found


def _try(handler: ast.ExceptHandler) -> ast.Try:
    return ast.Try([ast.Pass()], [handler], [], [])


def own_calls(function: Function) -> Iterator[tuple[str, ast.Call]]:
    """Calls in a function's own body: not in functions or lambdas within, which may run elsewhere."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from walk(child)

    return (pair for node in walk(function) if isinstance(node, ast.Call) for pair in list(calls(node))[:1])


def blocking(path: Path, module: ast.Module) -> set[str]:
    """`file:function calls name` for each blocking call in a coroutine."""
    found = set()
    for name, function in functions(module):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for target, _ in own_calls(function):
            last = target.rpartition(".")[2]
            if target in BLOCKING or ("." in target and last in BLOCKING_METHODS):
                found.add(f"{path}:{name} calls {target}")
    return found


PRODUCT = ("link", "hw", "firmware", "central")


def test_only_runner_and_doors_catch_everything():
    found = {str(path): n for path in python_files(*PRODUCT) if (n := broad(tree(path)))}
    assert found == BROAD


def test_who_catches_everything_says_so():
    bad = [f"{path}:{line}" for path in python_files(*PRODUCT) for line in silent(tree(path))]
    assert bad == []


def test_nobody_subscribes_outside_switchboard_and_doors():
    found = {
        str(path)
        for path in python_files(*PRODUCT)
        for name, _ in calls(tree(path))
        if name.rpartition(".")[2] in SUBSCRIBING
    }
    assert found == SUBSCRIBERS


def test_only_the_guard_opens_outputs():
    found = {
        str(path)
        for path in python_files(*PRODUCT)
        for name, _ in calls(tree(path))
        if name.rpartition(".")[2] == "open_output"
    }
    assert found == {"hw/guard/make_safe.py", "hw/outputs/pin.py"}


def test_no_coroutine_blocks_the_loop():
    found = set().union(*(blocking(path, tree(path)) for path in python_files(*PRODUCT)))
    assert found - BLOCKED == set()
    assert BLOCKED - found == set(), "take these off the list"


def test_no_task_is_started_and_forgotten():
    forgotten = []
    for path in python_files(*PRODUCT):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = next(calls(node.value))[0]
                if name in ("asyncio.create_task", "asyncio.ensure_future", "loop.create_task"):
                    forgotten.append(f"{path}:{node.lineno}")
    assert forgotten == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("async def f():\n    subprocess.run(['x'])", {"m.py:f calls subprocess.run"}),
        ("async def f(p):\n    return p.read_text()", {"m.py:f calls p.read_text"}),
        ("async def f(p):\n    await asyncio.to_thread(p.read_text)", set()),
        ("async def f(p):\n    await asyncio.to_thread(lambda: p.read_text())", set()),
        ("def f(p):\n    return p.read_text()", set()),
    ],
)
def test_the_eye_for_blocking_calls(code, found):
    assert blocking(Path("m.py"), ast.parse(code)) == found


def test_the_eye_for_broad_handlers():
    mute = ast.parse("try:\n    f()\nexcept Exception:\n    pass")
    told = ast.parse("try:\n    f()\nexcept (ValueError, BaseException) as e:\n    print(e)")
    assert (broad(mute), silent(mute)) == (1, [3])
    assert (broad(told), silent(told)) == (1, [])
    assert broad(ast.parse("try:\n    f()\nexcept ValueError:\n    pass")) == 0
