"""Write the documentation's sheet of simulated frames: a column per behavior, a row per fur.

`python scripts/behavior_sheet.py docs/assets/simulated_behaviors.png`
"""

import sys
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.behavior import BehaviorName, Fur
from capture_hw.simulation.cage import SimulatedCage

_SEEDS: dict[Fur, int] = {"black": 21, "white": 4}
_SEARCHED_FRAMES = 15_000
_ROWS = slice(70, 490)
_PANEL = (320, 191)
_COLUMNS = 4
_CAPTION_PX = 22


def main() -> None:
    """Write the sheet to the path given on the command line."""
    behaviors: tuple[BehaviorName, ...] = get_args(BehaviorName)
    rows = []
    for fur, seed in _SEEDS.items():
        cage = SimulatedCage(seed, fur=fur, spread=0.5, routine="busy")
        panels = [_panel(cage, behavior) for behavior in behaviors]
        rows += [np.hstack(panels[at : at + _COLUMNS]) for at in range(0, len(panels), _COLUMNS)]
    path = Path(sys.argv[1])
    if not cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        sys.exit(f"{path} cannot be written")


def _panel(cage: SimulatedCage, behavior: BehaviorName) -> NDArray[np.uint8]:
    """Return a frame of the longest bout of a behavior, with a caption."""
    is_shown = np.array([cage.behavior(frame) == behavior for frame in range(_SEARCHED_FRAMES)])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_shown, [False]))))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    frame = int(3 * starts[longest] + ends[longest]) // 4
    full_range = (cage.picture(frame)[_ROWS].astype(np.float32) - 16.0) * (255.0 / 219.0)
    levels = np.clip(full_range + 0.5, 0, 255).astype(np.uint8)
    small = cv2.resize(levels, _PANEL, interpolation=cv2.INTER_AREA)
    panel = np.full((_PANEL[1] + _CAPTION_PX, _PANEL[0] + 6), 255, np.uint8)
    panel[_CAPTION_PX:, 3:-3] = small
    text = f"{behavior} ({cage.fur})"
    cv2.putText(panel, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    return panel


if __name__ == "__main__":
    main()
