"""What a network can run on."""

from typing import Final, Literal, TypeAlias, get_args

Provider: TypeAlias = Literal["auto", "cuda", "tensorrt", "cpu"]
"""`auto`: CUDA if this machine's ONNX Runtime has it, the processor otherwise."""

PROVIDERS: Final[tuple[Provider, ...]] = get_args(Provider)
