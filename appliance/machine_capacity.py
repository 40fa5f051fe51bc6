"""How many simulated cages this machine can draw, record and label at full rate."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np

from appliance.model_folder import DEFAULT_MODEL, find_model
from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from inference.classifier import Classifier
from inference.preprocessing import Preprocessor

_SAMPLE_FRAMES: Final = 110
_USABLE_SHARE: Final = 0.8
"""The rest is for the dashboard, the broker and whatever else the machine does."""
_OVERHEAD: Final = 1.35
"""Decoding, files and eleven processes, on top of drawing, encoding and judging."""


def cages_possible(most: int) -> int:
    """Measure for about a second and return 1 to `most`."""
    cv2.setNumThreads(1)
    cage = SimulatedCage(0, routine="busy")
    classifier = Classifier(find_model(DEFAULT_MODEL), "cpu")
    spec = classifier.card.preprocessing
    preprocessor = Preprocessor(spec, None)
    bands = []
    with (
        TemporaryDirectory() as folder,
        H264Writer(Path(folder) / "sample.mkv", WIDTH, HEIGHT, FPS) as video,
    ):
        started_s = time.process_time()
        for frame in range(_SAMPLE_FRAMES):
            picture = cage.picture(frame)
            video.write(picture, frame * 1000 // FPS)
            bands.append(preprocessor.band(picture, full_range=False))
            if len(bands) == spec.stack_length:
                classifier.probabilities(np.stack(bands)[None])
                bands.clear()
        frame_s = (time.process_time() - started_s) / _SAMPLE_FRAMES * _OVERHEAD
    cores = len(os.sched_getaffinity(0))
    return max(1, min(most, int(_USABLE_SHARE * cores / (frame_s * FPS))))
