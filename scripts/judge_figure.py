"""Ask a model about the eight published pictures of the real rig, each held still for 11 frames.

    python scripts/judge_figure.py FIGURE.jpg [--model MODEL]

FIGURE is figure 2 of the paper of DeepEthoProfile as published (1400x500, eight panels); it is not
part of this project. A still picture lacks the movement that half of the behaviors are made of.
"""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.model_folder import DEFAULT_MODEL, find_model
from inference.classifier import Classifier
from inference.ethogram import BEHAVIORS
from inference.preprocessing import Preprocessor

PANELS: Final = (
    ("groom", 19, 31),
    ("rest", 365, 31),
    ("drink", 713, 31),
    ("micromovement", 1059, 31),
    ("hang", 19, 268),
    ("walk", 365, 268),
    ("eat", 713, 268),
    ("rear", 1059, 268),
)
"""Caption and the upper left corner of each panel in the figure."""

PANEL_SIZE: Final = (304, 167)
SHOWN_ROWS: Final = (68, 489)
"""The rows of the 704x576 video that a panel shows, found by matching lid and floor."""


def main() -> None:
    """Print caption, label and the three most likely behaviors of each panel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    figure = cv2.imread(str(options.figure), cv2.IMREAD_GRAYSCALE)
    if figure is None:
        parser.error(f"{options.figure}: not a picture")
    classifier = Classifier(find_model(options.model), "cpu")
    preprocessor = Preprocessor(classifier.card.preprocessing)
    right = 0
    for caption, left, top in PANELS:
        panel = figure[top : top + PANEL_SIZE[1], left : left + PANEL_SIZE[0]]
        frame = _frame_of(panel.astype(np.uint8, copy=False))
        band = preprocessor.band(frame, full_range=True)
        stack = np.repeat(band[None], classifier.card.preprocessing.stack_length, axis=0)
        (probabilities,) = classifier.probabilities(stack[None])
        order = probabilities.argsort()[::-1][:3]
        said = ", ".join(f"{BEHAVIORS[code]} {probabilities[code]:.2f}" for code in order)
        right += BEHAVIORS[order[0]] == caption
        print(f"{caption:14} {said}")
    print(f"{right} of {len(PANELS)} as captioned by {classifier.identity()}")


def _frame_of(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a panel where it was in the video; what it does not show is black."""
    top, end = SHOWN_ROWS
    frame = np.zeros((576, 704), np.uint8)
    frame[top:end] = cv2.resize(panel, (704, end - top), interpolation=cv2.INTER_CUBIC)
    return frame


if __name__ == "__main__":
    main()
