"""Entry point of `scripts/test_image`: runs trials on an image; exit code 1 when one failed."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.imaging.centre_trials import CENTRE_TRIALS
from scripts.imaging.cut_trials import CUT_TRIALS
from scripts.imaging.line_trials import LINE_TRIALS
from scripts.imaging.trials import TRIALS, run
from scripts.imaging.vm import VmError

ALL = TRIALS | CUT_TRIALS | LINE_TRIALS | CENTRE_TRIALS
QUICK = ("no-site",)
"""What `scripts/test` has time for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them one after the other, each with its time."""
    parser = argparse.ArgumentParser(prog="scripts/test_image", description="Boot the image and try it.")
    parser.add_argument("image", type=Path, help="gateway.img as images/build made it")
    parser.add_argument("--only", action="append", choices=list(ALL), help="one trial; may be given again")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    asked = parser.parse_args(arguments)
    names = asked.only or (QUICK if asked.quick else list(ALL))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        for name in names:
            began = time.monotonic()
            try:
                told = asyncio.run(run(ALL[name], name, asked.image.resolve(), Path(folder)))
            except (VmError, TimeoutError, OSError) as error:
                failed, told = failed + 1, f"FAILED: {error or type(error).__name__}"
            print(f"{name:10} {time.monotonic() - began:6.1f} s  {told}", flush=True)
    print(f"{len(names) - failed} of {len(names)} trials passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
