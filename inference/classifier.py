"""Running a model file; home of ONNX Runtime."""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from pydantic import ValidationError

from inference.crop import CropRectangle
from inference.error import ModelError
from inference.ethogram import BEHAVIORS
from inference.model_card import INPUT_NAME, METADATA_KEY, OUTPUT_NAME, ModelCard
from inference.preprocessing import Gray
from inference.provider import Provider
from inference.seal import verify_seal

_EXECUTION_PROVIDERS: Final = {
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_HASH_DIGITS: Final = 12
_FATAL_ONLY: Final = 4  # onnxruntime severities 0 verbose .. 4 fatal


class Classifier:
    """A loaded model; any number of threads may call `probabilities` at once.

    ONNX Runtime splits a matrix product differently for another number of threads, which changes
    the last bits. So one call always runs on one thread with the model's fixed batch, and speed
    comes from concurrent calls: results do not depend on threads, jobs, batches or cores.
    """

    def __init__(self, path: Path, provider: Provider = "auto") -> None:
        """Load a model file; raises ModelError, one sentence, if it cannot be used."""
        self.seal: Final = verify_seal(path)
        self._session = _open_session(path, provider)
        self.card: Final = _read_card(path, self._session)
        self._shape = (self.card.batch, *self.card.preprocessing.stack_shape)
        _check_shapes(path, self._session, self._shape)

    def identity(self, crop: CropRectangle | None = None) -> str:
        """Return `<model>@<hash>`, as label files name it.

        The hash is the start of the seal; with a crop, of a hash of both, because the same model
        with another crop gives other labels.
        """
        digest = self.seal
        if crop is not None:
            digest = hashlib.sha256(f"{digest} {crop.model_dump_json()}".encode()).hexdigest()
        return f"{self.card.name}@{digest[:_HASH_DIGITS]}"

    @property
    def device(self) -> str:
        """Say in a few words what the model runs on."""
        names = {name: key for key, name in _EXECUTION_PROVIDERS.items()}
        return f"{names[self._session.get_providers()[0]]} (onnxruntime {ort.__version__})"

    def probabilities(self, stacks: Gray) -> NDArray[np.float64]:
        """Return (n, 8) probabilities of the behaviors for n <= batch stacks of bands.

        `stacks` is uint8 (n, stack_length, height, width), oldest frame first. Raises ModelError
        if the network's weights overflow.
        """
        batch = np.zeros(self._shape, np.uint8)
        batch[: len(stacks)] = stacks
        (logits,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: batch})
        judged = np.asarray(logits)[: len(stacks)]
        if not np.isfinite(judged).all():
            raise ModelError(f"{self.card.name}: the network's answer is not a finite number")
        return _softmax(judged, self.card.temperature)


def _softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    wide = logits.astype(np.float64) / temperature
    exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _open_session(path: Path, provider: Provider) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    providers = _choose(provider)
    try:
        session = ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no other base class
        raise ModelError(f"{path}: ONNX Runtime cannot load it: {_first_line(error)}") from error
    wanted = _EXECUTION_PROVIDERS.get(provider)
    if wanted is not None and session.get_providers()[0] != wanted:
        raise ModelError(f"provider {provider}: ONNX Runtime could not start it on this machine")
    return session


def _choose(provider: Provider) -> list[str]:
    available = ort.get_available_providers()
    if provider == "auto":
        wanted = [_EXECUTION_PROVIDERS["cuda"], _EXECUTION_PROVIDERS["cpu"]]
        return [name for name in wanted if name in available]
    if _EXECUTION_PROVIDERS[provider] not in available:
        raise ModelError(
            f"provider {provider}: not in this ONNX Runtime; "
            "install ethoprofiler[gpu] on a machine with CUDA"
        )
    return list(dict.fromkeys([_EXECUTION_PROVIDERS[provider], _EXECUTION_PROVIDERS["cpu"]]))


def _read_card(path: Path, session: ort.InferenceSession) -> ModelCard:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelError(f"{path}: not an EthoProfiler model: it carries no card")
    try:
        card = ModelCard.model_validate_json(text)
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise ModelError(f"{path}: its card is not valid: {place}: {detail['msg']}") from error
    if card.behaviors != BEHAVIORS:
        raise ModelError(f"{path}: names the behaviors {', '.join(card.behaviors)}, not ours")
    return card


def _check_shapes(path: Path, session: ort.InferenceSession, shape: tuple[int, ...]) -> None:
    inputs = [(i.name, i.type, tuple(i.shape)) for i in session.get_inputs()]
    outputs = [(o.name, o.type, tuple(o.shape)) for o in session.get_outputs()]
    for kind, found, wanted in (
        ("input", inputs, (INPUT_NAME, "tensor(uint8)", shape)),
        ("output", outputs, (OUTPUT_NAME, "tensor(float)", (shape[0], len(BEHAVIORS)))),
    ):
        if found != [wanted]:
            raise ModelError(f"{path}: its {kind} is {found}, where {wanted} was expected")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
