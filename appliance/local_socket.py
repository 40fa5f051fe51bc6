"""Addresses of Unix sockets in folders of any depth."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LONGEST: Final = 107
"""Source: unix(7), sun_path has 108 bytes with its final zero."""


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Yield an address for bind, connect or sendto while the block runs. Raises OSError."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
