"""A disk that is full: a real one in memory where one may be mounted, else a limit to how far files or databases may grow."""

import contextlib
import os
import resource
import signal
import subprocess

import sqlalchemy as sa


class MountedDisk:
    """A file system of `size` bytes, at `folder`."""

    def __init__(self, folder, size):
        self.folder = folder
        options = f"size={size},mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "psauth", folder], check=True, capture_output=True)

    def fill(self, *, leave):
        """Take all that is free but `leave` bytes."""
        self.free()
        with contextlib.suppress(OSError), open(self.folder / "filler", "wb", buffering=0) as file:
            while file.write(bytes(65_536)) == 65_536:
                pass
        os.truncate(self.folder / "filler", max(0, (self.folder / "filler").stat().st_size - leave))

    def free(self):
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True, capture_output=True)


class LimitedFiles:
    """No file of this process grows beyond `leave` bytes while it is full."""

    def __init__(self, folder, size):
        self.folder = folder
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(self, *, leave):
        resource.setrlimit(resource.RLIMIT_FSIZE, (leave, self._before[1]))

    def free(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)

    def close(self):
        self.free()
        signal.signal(signal.SIGXFSZ, self._handler)


class LimitedDatabases:
    """No database of SQLite at `folder` grows while it is full, by more than `leave` bytes."""

    MOST = 2**32 - 2

    def __init__(self, folder, size):
        self.folder = folder
        self._pages = self.MOST
        sa.event.listen(sa.Pool, "connect", self._limit)

    def _limit(self, connection, record):
        _, _, path = connection.execute("PRAGMA database_list").fetchone()
        if path.startswith(str(self.folder)):
            connection.execute(f"PRAGMA max_page_count = {self._pages}")

    def fill(self, *, leave):
        used = sum(path.stat().st_size for path in self.folder.glob("**/*.db"))
        self._pages = max(1, (used + leave) // 4096)

    def free(self):
        self._pages = self.MOST

    def close(self):
        sa.event.remove(sa.Pool, "connect", self._limit)


def make_disk(folder, size, *, otherwise=LimitedFiles):
    """A small disk at `folder`, in the way this machine allows."""
    try:
        return MountedDisk(folder, size)
    except (OSError, subprocess.CalledProcessError):
        return otherwise(folder, size)
