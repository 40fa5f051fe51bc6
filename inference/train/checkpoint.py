"""The state of a network after an epoch, as a file."""

import io
from pathlib import Path

import torch

from disk.durable_file import write_durably
from inference.error import TrainingError
from inference.train.network import Network, name_of


def write_checkpoint(
    path: Path, network: Network, epoch: int, evaluation: dict[str, float]
) -> None:
    """Write the network's name, epoch, weights and figures; the file appears whole or not at all.

    Raises TrainingError if it cannot be written.
    """
    content = io.BytesIO()
    torch.save(
        {
            "network": name_of(network),
            "epoch": epoch,
            "evaluation": evaluation,
            "state_dict": network.state_dict(),
        },
        content,
    )
    try:
        write_durably(path, content.getvalue())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error.strerror}") from error
