"""Every module can be imported, none does anything by being imported."""

import json
import subprocess
import sys

from tests.house.sources import ROOT, module_name, python_files

LOADER = """
import importlib, json, sys, threading
names, failed = json.loads(sys.stdin.read()), {}
for name in names:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"
threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
print(json.dumps({"failed": failed, "threads": threads}))
"""


def test_every_module_can_be_imported_and_does_nothing_then():
    names = [module_name(path) for path in python_files("link", "hw", "firmware", "central", "scripts")]
    assert len(names) > 150
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADER],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == {"failed": {}, "threads": []}
    assert done.stderr == ""


def test_a_module_that_cannot_be_imported_is_named():
    done = subprocess.run(
        [sys.executable, "-c", LOADER],
        input='["link.no_such"]',
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert list(json.loads(done.stdout)["failed"]) == ["link.no_such"]
