"""The file under a muxer: a disk that hangs holds up one thread and not the whole process.

FFmpeg opens and closes its own files without letting other Python threads run meanwhile.
"""

import errno
import os
from pathlib import Path


class MuxerFile:
    """Takes what a muxer writes. One thread at a time, except `cut_off`."""

    def __init__(self, path: Path) -> None:
        """Create or overwrite the file; raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o666)
        self._is_cut = False
        self.fault: OSError | None = None
        """What the disk said last; a muxer repeats it without its number."""

    def write(self, content: bytes) -> int:
        """Write all of the content where the file stands; raises OSError."""
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[self._write(rest) :]
        except OSError as error:
            self.fault = error
            raise
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; return the new position."""
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self.seek(0, os.SEEK_CUR)

    def cut_off(self) -> None:
        """Refuse everything that is not with the kernel yet; for any thread, never waits."""
        self._is_cut = True

    def truncate(self, size: int) -> None:
        """Forget what lies behind `size`; raises OSError."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Close; safe to call twice. Raises OSError."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _write(self, content: memoryview) -> int:
        if self._is_cut:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.write(self._descriptor, content)
