"""The state of a network in a training, as a file."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch

from inference.preprocessing import Preprocessing
from inference.train.kept_file import keep_file
from inference.train.network import Network, name_of


def write_checkpoint(
    path: Path,
    network: Network,
    epoch: int,
    evaluation: Mapping[str, float],
    spec: Preprocessing | None = None,
    training: Mapping[str, object] | None = None,
) -> None:
    """Write network, epoch and figures, and what else a training needs to go on.

    `spec` is what the network was trained with, None the usual. The file appears whole or not
    at all; it ends with the SHA-256 of what is before. PyTorch reads it as one of its own. Raises
    TrainingError if it cannot be written; what stood there stays.
    """
    content = io.BytesIO()
    torch.save(
        {
            "network": name_of(network),
            "epoch": epoch,
            "evaluation": dict(evaluation),
            "preprocessing": (spec or Preprocessing()).model_dump_json(),
            "state_dict": network.state_dict(),
        }
        | ({"training": dict(training)} if training is not None else {}),
        content,
    )
    written = content.getvalue()
    keep_file(path, written + hashlib.sha256(written).digest())
