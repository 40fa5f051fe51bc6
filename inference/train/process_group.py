"""The processes that share one training, started by PyTorch's `torchrun`."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import torch
import torch.distributed
from torch import Tensor

from inference.error import TrainingError
from inference.train.arithmetic import open_device

_T = TypeVar("_T")
_PATIENCE: Final = timedelta(minutes=10)
"""One step, the decoding or check of one clip, or the judging of some stacks is far shorter."""


class ProcessLost(TrainingError):
    """Another process of the training has ended or does not answer."""


@dataclass(frozen=True, slots=True)
class Processes:
    """All processes of a training, seen from one of them."""

    rank: int
    """Of this one, from 0."""
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Say whether this is the one that writes files and speaks."""
        return self.rank == 0

    def gather(self, values: Tensor) -> list[Tensor]:
        """Return every process's tensor, in their order; all must call it with the same shape.

        Waits up to 10 min. Raises ProcessLost.
        """
        if self.count == 1:
            return [values]
        arrived = [torch.empty_like(values) for _ in range(self.count)]
        try:
            torch.distributed.all_gather(arrived, values)
        except RuntimeError as error:
            raise self._lost(error) from error
        return arrived

    def are_all_of(self, text: str) -> bool:
        """Say whether every process asks with the same text; all must call it.

        Raises ProcessLost as `gather` does.
        """
        digest = bytearray(hashlib.sha256(text.encode()).digest())
        own = torch.frombuffer(digest, dtype=torch.uint8).to(self.device)
        return all(torch.equal(own, arrived) for arrived in self.gather(own))

    def first_does(self, work: Callable[[Callable[[], None]], _T]) -> _T | None:
        """Let the first process do `work` while the others wait; they return None.

        All must call it. The work calls what it is given after each piece, from this thread: the
        others wait up to 10 min for each. Raises ProcessLost, and in the first process what the
        work raises.
        """
        if self.is_first:
            done = work(lambda: self._tell(goes_on=True))
            self._tell(goes_on=False)
            return done
        while self._is_told_to_wait():
            pass
        return None

    def _tell(self, *, goes_on: bool) -> None:
        """Tell the others whether this process, the first, has more to do."""
        if self.count > 1:
            self._share(goes_on=goes_on)

    def _is_told_to_wait(self) -> bool:
        """Hear whether the first process has more to do."""
        return self._share(goes_on=False)

    def _share(self, *, goes_on: bool) -> bool:
        """Return what the first process says; all must call it."""
        word = torch.tensor([goes_on], dtype=torch.int64, device=self.device)
        try:
            torch.distributed.broadcast(word, src=0)
        except RuntimeError as error:
            raise self._lost(error) from error
        return bool(word.item())

    def _lost(self, error: RuntimeError) -> ProcessLost:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return ProcessLost(
            f"process {self.rank + 1} of {self.count}: another one was lost or did not answer "
            f"for {_PATIENCE.total_seconds():.0f} s ({reason})"
        )


def alone(device: str = "cpu") -> Processes:
    """Return a training of this process only; raises TrainingError if there is no such device."""
    return Processes(0, 1, open_device(device))


@contextmanager
def joined_processes(device: str) -> Iterator[Processes]:
    """Join the processes that `torchrun` started, if it did; this one alone otherwise.

    With several, `cuda` means each process's own. Raises TrainingError.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield alone(device)
        return
    opened = open_device(_own_device(device))
    backend = "nccl" if opened.type == "cuda" else "gloo"
    try:
        torch.distributed.init_process_group(backend, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"the {count} processes do not find each other: {error}") from error
    try:
        yield Processes(torch.distributed.get_rank(), count, opened)
    finally:
        torch.distributed.destroy_process_group()


def is_first_process() -> bool:
    """Say whether this is the first, or the only, process of a training."""
    return os.environ.get("RANK", "0") == "0"


def _own_device(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    if device != "cuda":
        raise TrainingError(f"device {device}: with several processes each has its own, say cuda")
    own = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    torch.cuda.set_device(own)
    return own
