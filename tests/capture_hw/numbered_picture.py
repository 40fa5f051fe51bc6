"""Pictures that show their number, through the encoder into segments."""

from pathlib import Path
from typing import Final

import numpy as np

from capture_hw.camera import CapturedFrame
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoding_stage import EncodingStage
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.capture_hw.scripted_camera import FRAME_NS, HEIGHT, LUMA, WIDTH, decoded, plan

_BOOT_NS: Final = 1_000_000_000_000
_UTC_NS: Final = 1_795_000_000_000_000_000
"""2026-11-18, 11:06:40: ten seconds are a whole part of it."""
_BITS: Final = 16


def numbered(number: int) -> CapturedFrame:
    """Return a frame whose picture shows its number in squares, dark is 0 and bright is 1."""
    picture = np.full((HEIGHT, WIDTH), 60, np.uint8)
    for bit in range(_BITS):
        top, left = 16 * (bit // 8), 8 * (bit % 8)
        picture[top : top + 16, left : left + 8] = 200 if number >> bit & 1 else 30
    return CapturedFrame(_BOOT_NS + number * FRAME_NS, number, picture, is_key=True)


def numbers(video: Path) -> list[int]:
    """Read the numbers off the decoded pictures."""
    found = []
    for _, luma in decoded(video):
        picture = np.frombuffer(luma, np.uint8).reshape(HEIGHT, WIDTH)
        squares = [picture[16 * (bit // 8) + 8, 8 * (bit % 8) + 4] > 115 for bit in range(_BITS)]
        found.append(sum(int(bright) << bit for bit, bright in enumerate(squares)))
    return found


class _Time:
    """Clocks that stand at the frame that is being fed."""

    def __init__(self) -> None:
        self.now_ns = _BOOT_NS

    def clock(self) -> Clock:
        return Clock(
            monotonic_ns=lambda: self.now_ns, utc_ns=lambda: _UTC_NS + self.now_ns - _BOOT_NS
        )


class NumberedLine:
    """Encoding stage and chain, fed with numbered pictures at the moments of their capture."""

    def __init__(self, folder: Path, choice: EncoderChoice | None = None) -> None:
        self.folder = folder
        self.time = _Time()
        self.chain = SegmentChain(plan(folder, 10), self.time.clock())
        config = EncoderConfig("libx264")
        self.stage = EncodingStage(self.chain, choice or EncoderChoice(config, "cage 03"))
        self.stage.open_camera(LUMA, counts_frames=True)

    def feed(self, numbers: range) -> None:
        for number in numbers:
            frame = numbered(number)
            self.time.now_ns = frame.captured_ns
            self.stage.write(frame, 0)

    def end(self) -> list[Path]:
        """Close; return the videos in order."""
        self.stage.flush()
        self.chain.close()
        assert self.chain.join(10)
        return sorted(self.folder.glob("*/*.mkv"))


def journal_of(video: Path) -> Journal:
    return read_journal(journal_path(video))
