"""Finding model files by name."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from inference.error import ModelError

DEFAULT_MODEL: Final = "ethocnn-lite-simulated"
MODEL_SUFFIX: Final = ".onnx"


def shipped_models() -> list[Path]:
    """Return the model files that come with the package, by name."""
    return sorted(_models_in(Path(str(files("inference.models")))))


def find_model(name: str) -> Path:
    """Return the file of a model: a path, or a shipped model's name. Raises ModelError."""
    if Path(name).suffix == MODEL_SUFFIX or "/" in name:
        path = Path(name)
        if not path.exists():
            raise ModelError(f"{path}: no such model file")
        if not path.is_file():
            raise ModelError(f"{path}: not a file")
        return path
    shipped = {path.stem: path for path in shipped_models()}
    if name not in shipped:
        raise ModelError(
            f"{name}: no such model; shipped are {', '.join(shipped) or 'none'}, "
            f"or name a file ending in {MODEL_SUFFIX}"
        )
    return shipped[name]


def _models_in(folder: Path) -> Iterator[Path]:
    return folder.glob(f"*{MODEL_SUFFIX}")
