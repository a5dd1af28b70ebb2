"""What the image's own Python finds of our gateway."""

import subprocess
import sys
import tomllib
from pathlib import Path

from images.building import system

ROOT = Path(__file__).resolve().parents[3]


def test_the_gateway_of_the_image_knows_its_version(tmp_path: Path) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    system.name_version(tmp_path, wanted)
    asked = "from importlib.metadata import version; print(version('spillway'))"
    words = [sys.executable, "-s", "-P", "-S", "-c", asked]
    done = subprocess.run(
        words, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == wanted, done.stderr
