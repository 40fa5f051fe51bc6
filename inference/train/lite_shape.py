"""How large the small network is."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

_STEM_FILTERS: Final = 32
_STAGES: Final = (64, 96, 128)
"""Filters of the 3x3 convolutions that halve the picture."""
_MULTIPLE: Final = 8
"""Numbers of filters are multiples of it: ONNX Runtime's convolution works on so many at once."""


class LiteShape(BaseModel):
    """A variant of `ethocnn-lite`; the shipped one is as it is without a choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: float = Field(default=1.0, ge=0.25, le=4)
    """Times the filters of every layer."""
    repeats: int = Field(default=1, ge=0, le=4)
    """Convolutions that keep the size, after each of the first two that halve it."""
    stem_stride: int = Field(default=4, ge=2, le=8)
    sees_change: bool = True
    """The stem sees the mean picture and what changes; else the pictures as they are."""

    @property
    def stem_filters(self) -> int:
        """Filters of the first layer."""
        return self._scaled(_STEM_FILTERS)

    @property
    def body(self) -> tuple[tuple[int, int], ...]:
        """Filters and stride of the 3x3 convolutions after the stem."""
        *early, last = (self._scaled(filters) for filters in _STAGES)
        kept = [layer for one in early for layer in ((one, 2), *((one, 1),) * self.repeats)]
        return (*kept, (last, 2))

    def _scaled(self, filters: int) -> int:
        return max(_MULTIPLE, round(filters * self.width / _MULTIPLE) * _MULTIPLE)
