"""The project's own files as the house tests see them: listed by git, read and parsed once.

Files that are not committed yet count, ignored ones do not.
"""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("link", "hw", "firmware", "central")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project, relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """The Python files below these top-level folders, relative to the root."""
    return tuple(path for path in tracked() if path.suffix == ".py" and path.parts[0] in folders)


@cache
def text(path: Path) -> str:
    """What stands in a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(text(path), str(path))


def module_name(path: Path) -> str:
    """`link/bus/port.py` as `link.bus.port`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: ast.Module) -> Iterator[tuple[str, Function]]:
    """Every function and method with its full name (`Class.method`, `outer.inner`)."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield prefix + child.name, child
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    return walk(module, "")


def called(node: ast.Call) -> str:
    """What a call names, dotted: `time.sleep`, `self.bus.publish`; "" for what has no name."""
    parts: list[str] = []
    target: ast.expr = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if isinstance(target, ast.Name):
        parts.append(target.id)
    return ".".join(reversed(parts))


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call below a node with what it names."""
    return ((called(each), each) for each in ast.walk(node) if isinstance(each, ast.Call))
