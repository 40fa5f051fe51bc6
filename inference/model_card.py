"""What a model file says about itself."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from inference.ethogram import BEHAVIORS
from inference.preprocessing import Preprocessing

METADATA_KEY: Final = "ethoprofiler"
"""Key of the ONNX metadata property that holds the card as JSON."""

SEAL_KEY: Final = "ethoprofiler.sha256"
"""Key of the last metadata property: SHA-256 of all bytes of the file before it."""

INPUT_NAME: Final = "stacks"
OUTPUT_NAME: Final = "logits"


class ModelCard(BaseModel):
    """The card inside a model file: enough to run it right and to judge it.

    The graph has one input `stacks`, uint8 (batch, stack_length, band height, band width), and
    one output `logits`, float32 (batch, 8). `batch` is fixed, so that a stack's result does not
    depend on how many others were ready.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str
    network: Literal["ethocnn", "ethocnn-lite"]
    behaviors: tuple[str, ...] = BEHAVIORS
    preprocessing: Preprocessing = Preprocessing()
    batch: int = Field(gt=0)
    parameters: int
    multiplications: int
    """Multiply-accumulate operations of one stack in the exported graph."""
    provenance: str
    """One paragraph: who trained it on what."""
    license: str
    evaluation: dict[str, float] = {}
    """Held-out figures by name, 0..1."""
    precision: Literal["float32", "int8"] = "float32"
    """Of the weights and of what flows between the layers."""
    temperature: float = Field(default=1.0, ge=0.05, le=20)
    """What the logits are divided by before they become probabilities; labels stay the same.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """

    def as_json(self) -> str:
        """Return the text inside a model file; what came later is left out where it says nothing.

        So a model written again by a later version has the same bytes.
        """
        later = {"precision", "temperature"}
        return self.model_dump_json(exclude=later - self._set_otherwise())

    def _set_otherwise(self) -> set[str]:
        fields = type(self).model_fields.items()
        return {name for name, field in fields if getattr(self, name) != field.default}
