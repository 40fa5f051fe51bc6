"""Arithmetic that gives the same bits again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch

from inference.error import TrainingError
from inference.train.plan import Plan

_CUBLAS_WORKSPACE: Final = ":4096:8"
"""Without it cuBLAS may add in another order each time. Source: PyTorch, "Reproducibility"."""
_DTYPES: Final = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def open_device(name: str) -> torch.device:
    """Return the device that PyTorch knows by this name; raises TrainingError if none works."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"device {name}: {str(error).splitlines()[0]}") from error
    return device


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Use so many threads and only operations that always give the same bits, while it runs.

    For the whole process. The threads between operations do not matter: a network of ours is one
    chain of them.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", _CUBLAS_WORKSPACE)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    benchmark, torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark, False
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        torch.backends.cudnn.benchmark = benchmark


@contextmanager
def precision_of(plan: Plan, device: torch.device) -> Iterator[None]:
    """Run what is inside in the plan's precision where that is safe; weights stay float32."""
    is_mixed = plan.precision != "float32"
    with torch.autocast(device.type, _DTYPES[plan.precision], enabled=is_mixed):
        yield


def seed_torch(*numbers: int) -> None:
    """Begin PyTorch's random numbers, of all devices, at a place that the numbers decide.

    Zeros at the end change nothing: the first number says what is drawn.
    """
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    torch.manual_seed(int(state[0]))
