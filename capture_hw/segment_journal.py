"""The journal of a segment: what the recorder knows of it, kept beside the video as it grows.

`<stem>.journal.part`, a JSON object a line: first the header, then a line for each gap and for each
move of wall time in the order of their discovery, at the end a line that counts. A journal without
its end belongs to a recorder that was killed; the video then says how many frames there are. The
manifest is made from it when the labels are finished.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from capture_hw.error import JournalError
from disk.durable_file import PART_SUFFIX

GapCause: TypeAlias = Literal[
    "camera dropped frames",
    "camera stalled",
    "camera lost",
    "encoder failed",
    "recorder overloaded",
    "recorder restarted",
    "recording stopped",
    "storage refused",
    "file damaged",
]
_BETWEEN_RUNS: Final[frozenset[GapCause]] = frozenset({"recorder restarted", "recording stopped"})


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SegmentHeader(_Line):
    """What is known when the first frame is written."""

    line: Literal["header"] = "header"
    stem: str
    tags: dict[str, str]
    """What the configuration says: facility, rack, cage, animal, strain, light plan."""
    start_utc_ns: int
    start_monotonic_ns: int
    """Capture of the first frame on CLOCK_MONOTONIC."""
    boot_id: str
    """Source: /proc/sys/kernel/random/boot_id; monotonic times compare within one boot only."""
    utc_offset: str
    """Of the facility's standard time, such as "+01:00"."""
    clock_synchronized: bool
    width: int
    height: int
    fps: float
    copied: bool
    """True if the camera's H.264 was not encoded again."""
    camera: str | None = None
    """Where the pictures come from, one line."""
    encoder: str | None = None
    """What encoded them, and how; None if nothing did."""


class SegmentGap(_Line):
    """Frames that are not there: after `from_ms`, before `to_ms`, both times of frames.

    Milliseconds since the segment's first frame. A gap before the first frame ends at 0 and begins
    at a negative time: the cage's last frame in the segment before. One that ends before 0 lies
    before an earlier segment, whose journal was gone.
    """

    line: Literal["gap"] = "gap"
    from_ms: int
    to_ms: int
    frames_lost: int = Field(ge=0)
    cause: GapCause
    count: int | None = Field(default=None, ge=1)
    """If given, the line is the sum of so many short gaps, and there are frames in between."""


class SegmentAnchor(_Line):
    """Wall time was found to have moved: what it was at a moment of the segment."""

    line: Literal["anchor"] = "anchor"
    at_ms: int
    """Milliseconds since the segment's first frame, on the monotonic clock."""
    utc_ns: int


class SegmentEnd(_Line):
    """The segment was closed in order."""

    line: Literal["end"] = "end"
    frames: int
    first_ms: int
    last_ms: int


class Journal(_Line):
    """A journal that was read."""

    header: SegmentHeader
    gaps: tuple[SegmentGap, ...]
    """Of several gaps between two runs only the last one, which corrects the others."""
    anchors: tuple[SegmentAnchor, ...] = ()
    end: SegmentEnd | None


_Known: TypeAlias = SegmentHeader | SegmentGap | SegmentAnchor | SegmentEnd
_AnyLine: TypeAlias = Annotated[_Known, Field(discriminator="line")]
_LINE: Final[TypeAdapter[_Known]] = TypeAdapter(_AnyLine)


class JournalWriter:
    """A growing journal. Each line is in the kernel's hands when a call returns.

    `sync` may be called by another thread than the others.
    """

    def __init__(self, path: Path, header: SegmentHeader) -> None:
        """Create the file, which must not exist yet, with its header; raises OSError."""
        self.path: Final = path
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o644)
        self._line_bytes = 0
        """Of the last line."""
        try:
            self._append(header)
        except OSError:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    def add_gap(self, gap: SegmentGap) -> None:
        """Append a gap; raises OSError."""
        self._append(gap)

    def add_anchor(self, anchor: SegmentAnchor) -> None:
        """Append an anchor; raises OSError."""
        self._append(anchor)

    def add_end(self, end: SegmentEnd) -> None:
        """Append the end; raises OSError."""
        self._append(end)

    def take_back_line(self) -> None:
        """Remove the line that was appended last; raises OSError."""
        size = os.fstat(self._descriptor).st_size
        os.ftruncate(self._descriptor, size - self._line_bytes)
        self._line_bytes = 0

    def sync(self) -> None:
        """Wait until the lines are on the disk; raises OSError."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file, whose lines are there already; call it once."""
        os.close(self._descriptor)

    def _append(self, line: _Line) -> None:
        content = f"{line.model_dump_json()}\n".encode()
        self._line_bytes = len(content)
        while content:
            content = content[os.write(self._descriptor, content) :]


def read_journal(path: Path) -> Journal:
    """Read a journal, growing or finished; raises JournalError.

    A last line without its line end was torn by a crash or is just being written, and is ignored.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    lines = [_parsed(path, number, text) for number, text in _whole_lines(content)]
    if not lines or not isinstance(lines[0], SegmentHeader):
        raise JournalError(f"{path}: does not begin with a header")
    ends = [line for line in lines if isinstance(line, SegmentEnd)]
    return Journal(
        header=lines[0],
        gaps=_counting([line for line in lines if isinstance(line, SegmentGap)]),
        anchors=tuple(line for line in lines if isinstance(line, SegmentAnchor)),
        end=ends[-1] if ends else None,
    )


def extend_journal(path: Path, gaps: Sequence[SegmentGap]) -> None:
    """Append gaps, durably, to a journal that nobody writes any more. Raises OSError.

    A last line that a crash has torn goes, or the next one would be torn with it.
    """
    with path.open("r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.seek(whole)
        file.write(b"".join(f"{gap.model_dump_json()}\n".encode() for gap in gaps))
        file.flush()
        os.fsync(file.fileno())


class GapFollower:
    """The gaps of a journal that may grow, be rewritten or be gone; each line is read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None
        self._offset = 0
        self._lines = 0

    def new_gaps(self) -> list[SegmentGap]:
        """Return the gaps noted since the last call, all of them again if the file is another.

        There are none while there is no journal. Raises JournalError for lines of another kind,
        which the next call passes over.
        """
        try:
            with self._path.open("rb") as file:
                content = self._new_content(file)
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise JournalError(f"{self._path}: cannot be read: {reason}") from error
        lines = _whole_lines(content)
        first = self._lines
        self._offset += content.rfind(b"\n") + 1
        self._lines += len(lines)
        parsed = [_parsed(self._path, first + number, text) for number, text in lines]
        return [line for line in parsed if isinstance(line, SegmentGap)]

    def _new_content(self, file: BinaryIO) -> bytes:
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != self._file or status.st_size < self._offset:
            self._file = status.st_dev, status.st_ino
            self._offset = self._lines = 0
        if status.st_size == self._offset:
            return b""
        file.seek(self._offset)
        return file.read()


def _counting(gaps: Sequence[SegmentGap]) -> tuple[SegmentGap, ...]:
    """Leave out gaps between two runs that a later line corrects; a segment has one of them."""
    corrected = [gap for gap in gaps if gap.to_ms == 0 and gap.cause in _BETWEEN_RUNS][:-1]
    return tuple(gap for gap in gaps if not any(gap is one for one in corrected))


def _whole_lines(content: bytes) -> list[tuple[int, bytes]]:
    """Return (line number, text) up to the last line end."""
    return list(enumerate(content.split(b"\n")[:-1], start=1))


def _parsed(path: Path, number: int, text: bytes) -> _Known:
    try:
        return _LINE.validate_json(text)
    except ValidationError as error:
        raise JournalError(f"{path}: line {number} is not a line of a journal") from error


def journal_path(video: Path) -> Path:
    """Return the journal's path for `<stem>.mkv` or `<stem>.mkv.part`."""
    stem = video.name.removesuffix(PART_SUFFIX).removesuffix(".mkv")
    return video.with_name(f"{stem}.journal{PART_SUFFIX}")
