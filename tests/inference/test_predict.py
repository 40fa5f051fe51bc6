"""A network's answers on whole clips."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.train.network import create_network
from inference.train.predict import predict
from tests.inference.tiny_training import SPEC, tiny_split


def test_judging_tells_after_a_few_stacks_that_it_goes_on(tmp_path: Path) -> None:
    (clip,) = tiny_split(tmp_path).held_out
    codes = np.zeros(17 * 11, np.int64)
    long = replace(clip, bands=np.zeros((len(codes), *SPEC.band_shape), np.uint8), truth=codes)
    told: list[None] = []
    network = create_network("ethocnn-lite")
    assert len(list(predict(network, [long], SPEC, goes_on=lambda: told.append(None)))) == 1
    assert len(told) == 2
