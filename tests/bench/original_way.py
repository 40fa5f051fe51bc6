"""The original software's way from a video to a CSV, written plainly, as the baseline.

    python -m tests.bench.original_way WEIGHTS VIDEO CSV

Gray arrays by libswscale, pad, resize, table, float16, torch eager in batches of 16 stacks. What it
gets wrong at a video's end is left out: stacks that are not whole get no label.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.train.ethocnn import EthoCNN

BATCH = 16
STACK = 11
TABLE = np.zeros(256, np.uint8)
TABLE[10:171] = np.linspace(0, 255, 161).astype(np.uint8)
TABLE[171:] = 255


def batches_of(video: Path) -> Iterator[NDArray[np.float16]]:
    """Yield (16, 11, 256, 256) float16 batches; the last one is filled with zeros."""
    batch = np.zeros((BATCH, STACK, 256, 256), np.float16)
    count = 0
    for picture in _pictures(video):
        batch[count // STACK, count % STACK] = picture.astype(np.float16) / 256
        count += 1
        if count == BATCH * STACK:
            yield batch
            batch = np.zeros((BATCH, STACK, 256, 256), np.float16)
            count = 0
    if count:
        yield batch


def _pictures(video: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "FRAME"
        for frame in container.decode(stream):
            yield picture_of(frame)


def picture_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return a frame as the network is shown it, (256, 256)."""
    gray = frame.to_ndarray(format="gray")[90:440].astype(np.uint8, copy=False)
    square = np.pad(gray, ((177, 177), (0, 0)))
    return cv2.LUT(cv2.resize(square, (256, 256)), TABLE).astype(np.uint8, copy=False)


def main(weights: Path, video: Path, output: Path) -> None:
    """Label a video and write frame;annotation;time."""
    network = EthoCNN()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.eval()
    with av.open(str(video)) as container:
        times = [p.pts for p in container.demux(video=0) if p.pts is not None]
    with output.open("w") as file, torch.no_grad():
        file.write("0:drink; 1:eat; 2:groom; 3:hang; 4:mm; 5:rear; 6:rest; 7:walk; v4\n")
        file.write("frame;annotation;time\n")
        frame = 0
        for batch in batches_of(video):
            for label in network(torch.from_numpy(batch).float()).argmax(1).tolist():
                if frame + STACK > len(times):
                    break
                for _ in range(STACK):
                    file.write(f"{frame};{label};{times[frame]}\n")
                    frame += 1


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
