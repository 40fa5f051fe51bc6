"""The elements of a Matroska file: index, duration, and clusters that a reader has lost."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_SEEK_HEAD: Final = 0x114D9B74
_SEEK: Final = 0x4DBB
_SEEK_ID: Final = 0x53AB
_SEEK_POSITION: Final = 0x53AC
_INFO: Final = 0x1549A966
_DURATION: Final = 0x4489
_CLUSTER: Final = 0x1F43B675
_TIMESTAMP: Final = 0xE7
_SIMPLE_BLOCK: Final = 0xA3
_PASSED_OVER: Final = frozenset({0xBF, 0xEC, 0xA7, 0xAB})
"""In a cluster: CRC-32, Void, Position, PrevSize."""
_CUES: Final = 0x1C53BB6B
"""Source of all names: RFC 9559, 5.1, and RFC 8794, 11.3."""
_CLUSTER_NAME: Final = _CLUSTER.to_bytes(4, "big")
_CUES_NAME: Final = _CUES.to_bytes(4, "big")
_LONGEST_HEAD: Final = 12
"""Four bytes of name and eight of size. Source: RFC 8794, 5 and 6."""
_LONGEST_NUMBER: Final = 8
"""Source: RFC 8794, 7.2."""
_HEADER_BYTES: Final = 65_536
"""More than everything before a segment's first cluster."""
_WINDOW_BYTES: Final = 1 << 20
_LARGEST_BLOCK: Final = 16 << 20
_KEY_FLAG: Final = 0x80
_BLOCK_HEAD: Final = struct.Struct(">hB")
"""Time against the cluster's, flags. Source: RFC 9559, 10.2."""


@dataclass(frozen=True, slots=True)
class FileIndex:
    """What a Matroska file has for players to seek with."""

    duration_ms: int | None
    has_cues: bool


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A frame as it lies in a cluster; `position` is that of its content in the file."""

    time_ms: int
    content: bytes
    position: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class _Element:
    name: int
    body: int
    size: int

    @property
    def end(self) -> int:
        return self.body + self.size


def read_index(path: Path) -> FileIndex:
    """Return duration and index of a file; neither if it is not Matroska. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        segment = _inside_segment(head)
        if segment is None:
            return FileIndex(None, has_cues=False)
        duration_ms, cues = None, None
        for element in _elements(head, segment, len(head)):
            if element.name == _SEEK_HEAD:
                cues = _cues_position(head, element) or cues
            elif element.name == _INFO:
                duration_ms = _duration_ms(head, element)
            elif element.name == _CLUSTER:
                break
        if cues is None or segment + cues > file.seek(0, os.SEEK_END):
            return FileIndex(duration_ms, has_cues=False)
        file.seek(segment + cues)
        return FileIndex(duration_ms, has_cues=file.read(len(_CUES_NAME)) == _CUES_NAME)


def blocks_between(descriptor: int, start: int, end: int) -> Iterator[StoredBlock]:
    """Yield what clusters in a stretch of a file hold, whatever else lies between them.

    The lengths of clusters are not trusted, those of blocks must fit into the stretch: who calls
    proves that a content is whole. Raises OSError.
    """
    position = start
    while (found := _next_cluster(descriptor, position, end)) is not None:
        position = found + len(_CLUSTER_NAME)
        for block in _blocks_of(descriptor, found, end):
            yield block
            position = block.position + len(block.content)


def _next_cluster(descriptor: int, start: int, end: int) -> int | None:
    overlap = len(_CLUSTER_NAME) - 1
    while start < end:
        window = os.pread(descriptor, min(_WINDOW_BYTES, end - start), start)
        found = window.find(_CLUSTER_NAME)
        if found >= 0:
            return start + found
        if len(window) <= overlap:
            return None
        start += len(window) - overlap
    return None


def _blocks_of(descriptor: int, cluster: int, end: int) -> Iterator[StoredBlock]:
    head = _element_at(os.pread(descriptor, _LONGEST_HEAD, cluster), 0)
    if head is None:
        return
    position = cluster + head.body
    cluster_ms: int | None = None
    while position < end:
        element = _element_at(os.pread(descriptor, _LONGEST_HEAD, position), 0)
        if element is None or element.size > min(_LARGEST_BLOCK, end - position - element.body):
            return
        body = os.pread(descriptor, element.size, position + element.body)
        if element.name == _TIMESTAMP and element.size <= _LONGEST_NUMBER:
            cluster_ms = int.from_bytes(body, "big")
        elif element.name == _SIMPLE_BLOCK and cluster_ms is not None:
            block = _block(body, cluster_ms, position + element.body)
            if block is None:
                return
            yield block
        elif element.name not in _PASSED_OVER:
            return
        position += element.end


def _block(body: bytes, cluster_ms: int, position: int) -> StoredBlock | None:
    """Return the block of a body that begins with track number 1 to 126, or None."""
    head = 1 + _BLOCK_HEAD.size
    if len(body) <= head or not body[0] & 0x80:
        return None
    offset_ms, flags = _BLOCK_HEAD.unpack_from(body, 1)
    is_key = bool(flags & _KEY_FLAG)
    return StoredBlock(cluster_ms + offset_ms, body[head:], position + head, is_key)


def _inside_segment(head: bytes) -> int | None:
    """Return where the content of the file's Segment begins."""
    ebml = _element_at(head, 0)
    if ebml is None or ebml.name != _EBML:
        return None
    segment = _element_at(head, ebml.end)
    return segment.body if segment is not None and segment.name == _SEGMENT else None


def _elements(data: bytes, start: int, end: int) -> Iterator[_Element]:
    while start < end and (element := _element_at(data, start)) is not None:
        yield element
        start = element.end


def _cues_position(head: bytes, seek_head: _Element) -> int | None:
    for seek in _elements(head, seek_head.body, seek_head.end):
        fields = {
            field.name: int.from_bytes(head[field.body : field.end], "big")
            for field in _elements(head, seek.body, seek.end)
            if field.size <= _LONGEST_NUMBER
        }
        if seek.name == _SEEK and fields.get(_SEEK_ID) == _CUES:
            return fields.get(_SEEK_POSITION)
    return None


def _duration_ms(head: bytes, info: _Element) -> int | None:
    """Return the duration in ticks, which are milliseconds in what FFmpeg writes."""
    for field in _elements(head, info.body, info.end):
        if field.name == _DURATION and field.size in (4, 8) and field.end <= len(head):
            form = ">f" if field.size == 4 else ">d"
            (ticks,) = struct.unpack(form, head[field.body : field.end])
            return round(ticks) if 0 < ticks < 1e15 else None
    return None


def _element_at(data: bytes, offset: int) -> _Element | None:
    """Parse a name and a size; None if there is not enough of them or no known size."""
    name = _number(data, offset, longest=4)
    if name is None:
        return None
    name_length, _ = name
    size = _number(data, offset + name_length, longest=8)
    if size is None:
        return None
    size_length, value = size
    body = offset + name_length + size_length
    return _Element(int.from_bytes(data[offset : offset + name_length], "big"), body, value)


def _number(data: bytes, offset: int, *, longest: int) -> tuple[int, int] | None:
    """Return length and value of a variable-size integer. Source: RFC 8794, 4."""
    if offset >= len(data) or not data[offset]:
        return None
    length = 9 - data[offset].bit_length()
    if length > longest or offset + length > len(data):
        return None
    raw = int.from_bytes(data[offset : offset + length], "big")
    return length, raw & ((1 << 7 * length) - 1)
