"""Door to the data partition: the few steps of which an installation is made, each durable when it returns."""

import os
import shutil
from pathlib import Path

from link.hosting.durable import sync_folder

FOLDER_MODE, FILE_MODE = 0o750, 0o640
"""For root, and to be read by the group of the folder that all is put into: the processes of the gateway."""


class Disk:
    """All methods may raise OSError. What is made belongs to the group of the folder that it is made in."""

    def make_folder(self, folder: Path) -> None:
        """A new folder."""
        folder.mkdir(FOLDER_MODE)
        os.chown(folder, -1, folder.parent.stat().st_gid)
        folder.chmod(FOLDER_MODE)  # whatever the umask is
        sync_folder(folder)
        sync_folder(folder.parent)

    def make_way(self, folder: Path) -> None:
        """`folder` and what leads to it, as far as they are not there: a data partition begins empty."""
        if not folder.is_dir():
            self.make_way(folder.parent)
            self.make_folder(folder)

    def write(self, path: Path, octets: bytes, mode: int = FILE_MODE) -> None:
        """A file, whole, with its rights, or not there."""
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fchown(handle, -1, path.parent.stat().st_gid)
            os.fchmod(handle, mode)
            os.fsync(handle)
        part.replace(path)
        sync_folder(path.parent)

    def point(self, link: Path, to: str) -> None:
        """`link` leads to its neighbour `to` from one moment to the next."""
        new = link.with_name(f"{link.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(to)
        new.replace(link)
        sync_folder(link.parent)

    def move(self, path: Path, to: Path) -> None:
        """Into another folder of the same file system; never over something that is there."""
        if os.path.lexists(to):
            raise FileExistsError(17, "is there already", str(to))
        path.rename(to)
        sync_folder(to.parent)
        sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """A file, or a folder with all that is in it."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        sync_folder(path.parent)
