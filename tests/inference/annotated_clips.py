"""Small data sets of real videos in the published layout, for tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from inference.label_file import write_annotation
from tests.video_factory import moving_square, write_video

FRAMES: Final = 44
_SIDE: Final = 48


def write_clip_video(path: Path, frames: int = FRAMES, rate: int = 25, shade: int = 0) -> Path:
    """Write a small video; another `shade` gives other pictures."""
    pictures = moving_square(frames, width=_SIDE, height=_SIDE)
    shaded = [picture + np.uint8(shade) for picture in pictures]
    return write_video(path, shaded, rate=rate, options={"preset": "ultrafast", "bf": "0"})


def write_clips(folder: Path, animals: Sequence[str], clips: int = 4) -> list[Path]:
    """Write clips of each animal that show two behaviors each, all eight together if there are 4.

    Return the videos by name.
    """
    videos = []
    for number, animal in enumerate(animals):
        for index in range(clips):
            stem = f"{animal}_20180418_1200_s{index * 45_000}_n{FRAMES}"
            shade = number * clips + index
            videos.append(write_clip_video(folder / f"{stem}.mkv", shade=shade))
            first = 2 * index % 8
            codes = [first] * (FRAMES // 2) + [first + 1] * (FRAMES // 2)
            write_annotation(folder / f"{stem}_map.csv", codes)
    return videos
