"""SHA-256 of a file as a whole, of its parts, and of the checksums of its parts."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sync.error import SourceChanged

_MIB: Final = 1 << 20
_PART_BYTES: Final = 16 * _MIB
_MOST_PARTS: Final = 10_000
"""Source: Amazon S3 User Guide, "Multipart upload limits"."""
_BLOCK_BYTES: Final = 8 * _MIB


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file's content is, part by part."""

    size: int
    sha256: str
    """Of the whole, 64 hexadecimal digits."""
    part_bytes: int
    """The size of every part but the last."""
    part_sha256: tuple[bytes, ...]
    """32 bytes a part; an empty file has one part, which is empty."""

    @property
    def composite(self) -> str:
        """The checksum of the parts' checksums, as S3 writes it: `<base64>-<number of parts>`.

        Source: Amazon S3 User Guide, "Checking object integrity", composite checksums.
        """
        whole = hashlib.sha256(b"".join(self.part_sha256)).digest()
        return f"{base64.b64encode(whole).decode()}-{len(self.part_sha256)}"


def part_bytes_for(size: int) -> int:
    """Return the part size for a file: 16 MiB, or more for what would have too many parts."""
    smallest = -(-size // _MOST_PARTS)
    return max(_PART_BYTES, -(-smallest // _MIB) * _MIB)


def digest_file(path: Path, on_block: Callable[[], None]) -> FileDigest:
    """Read a file once; memory does not grow with it.

    `on_block` is called before every 8 MiB and may raise. Raises SourceChanged if the file cannot
    be read, or changes its size meanwhile.
    """
    whole = hashlib.sha256()
    parts: list[bytes] = []
    try:
        size = path.stat().st_size
        part_bytes = part_bytes_for(size)
        with path.open("rb", buffering=0) as file:
            for start in range(0, max(size, 1), part_bytes):
                part = hashlib.sha256()
                left = min(part_bytes, size - start)
                while left:
                    on_block()
                    block = file.read(min(left, _BLOCK_BYTES))
                    if not block:
                        raise SourceChanged(f"{path}: became shorter while it was read")
                    left -= len(block)
                    part.update(block)
                    whole.update(block)
                parts.append(part.digest())
    except OSError as error:
        raise SourceChanged(f"{path}: cannot be read: {error.strerror}") from error
    return FileDigest(size, whole.hexdigest(), part_bytes, tuple(parts))
