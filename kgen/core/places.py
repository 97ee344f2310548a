"""Where files go: written beside their place, moved there when they are complete."""

import contextlib
import errno
import hashlib
import os
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from kgen.core import messages

try:
    import fcntl
except ImportError:  # as on Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX, _ENDING = ".kgen-", ".keras"
# Locks of files may not be seen by other hosts that share the folder.
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_DAY = 24 * 3600.0


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a path to write to; move it to `path` if the block succeeds.

    If the block fails, or the process dies in it, the old file stays intact. What dead
    processes left in the folder is deleted.

    Raises:
        OSError: if the file cannot be written; the message has the path.
    """
    try:
        target, mode = _checked(path)
        clean(target.parent)
        handle, written = _open_beside(target)
        try:
            yield written
            with written.open("rb+") as stream:
                os.fsync(stream.fileno())
            if mode is not None:
                written.chmod(mode)
            written.replace(target)
        finally:
            written.unlink(missing_ok=True)
            os.close(handle)
    except OSError as problem:
        raise messages.not_written(path, problem) from problem


def _checked(path: str | os.PathLike) -> tuple[Path, int | None]:
    """The place of a file, and the permissions of what is there; None if nothing is."""
    if not os.fspath(path):
        raise OSError(errno.ENOENT, "the name is empty")
    target = Path(path).resolve()
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise OSError(errno.ENOENT, "its folder does not exist") from None
        return target, None
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    # The system lets root write everything, and others replace what they cannot write.
    if not mode & 0o222 or not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, "it is read-only")
    return target, mode & 0o777


def _open_beside(target: Path) -> tuple[int, Path]:
    """A new file beside another one, locked as long as its handle is open."""
    while True:
        name = f"{_PREFIX}{_HOST}-{secrets.token_hex(6)}{_ENDING}"
        written = target.with_name(name)
        handle = os.open(written, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with contextlib.suppress(BlockingIOError):
            lock(handle)
            if written.exists():
                return handle, written
        os.close(handle)  # somebody took it for a dead one's in between


def lock(handle: int) -> None:
    """Lock an open file or folder until it is closed, where the system can.

    Raises:
        BlockingIOError: if somebody else has locked it.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # some file systems of networks know no locks
        return


def clean(folder: Path) -> None:
    """Delete the files of processes that died while they wrote."""
    for left in folder.glob(f"{_PREFIX}*{_ENDING}"):
        with contextlib.suppress(OSError):
            if left.name.startswith(f"{_PREFIX}{_HOST}-") and fcntl is not None:
                handle = os.open(left, os.O_RDWR)
                try:
                    lock(handle)
                    left.unlink()
                finally:
                    os.close(handle)
            elif time.time() - left.stat().st_mtime > _DAY:
                left.unlink()
