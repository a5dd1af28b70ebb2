"""A side module for tests: does what the request's `do` says."""

import subprocess
import sys
import time

from central.store.side_process import SideRefused, serve


def work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    match request["do"]:
        case "echo":
            return {"said": request["text"]}, b"bytes\n\x00behind"
        case "refuse":
            raise SideRefused("no such thing", "bring another")
        case "crash":
            raise KeyError("boom")
        case "babble":
            sys.stdout.write("hello\n")
        case "memory":
            return {"size": len(bytearray(4 * 1024**3))}, b""
        case "hang":
            subprocess.Popen(["sleep", str(request["seconds"])])
            time.sleep(60)
    return {}, b""


if __name__ == "__main__":
    serve(work)
