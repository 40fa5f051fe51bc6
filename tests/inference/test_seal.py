"""A model file tells whether it is whole."""

import hashlib
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from inference.error import ModelError
from inference.model_card import SEAL_KEY
from inference.seal import PRODUCER, seal, verify_seal


@pytest.fixture
def body() -> bytes:
    """Return a small ONNX model that says nothing of itself."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [result])
    content: bytes = helper.make_model(graph, producer_name=PRODUCER).SerializeToString()
    return content


def test_a_sealed_model_is_still_an_onnx_file_whose_last_property_is_the_seal(body: bytes) -> None:
    model = onnx.load_model_from_string(seal(body))
    onnx.checker.check_model(model)
    last = model.metadata_props[-1]
    assert (last.key, last.value) == (SEAL_KEY, hashlib.sha256(body).hexdigest())


def test_a_whole_file_is_recognized_by_its_digest(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "whole.onnx"
    path.write_bytes(seal(body))
    assert verify_seal(path) == hashlib.sha256(body).hexdigest()


def test_a_flipped_bit_anywhere_is_found(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "flipped.onnx"
    whole = seal(body)
    for position in range(len(whole)):
        flipped = bytearray(whole)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        with pytest.raises(ModelError, match=r"is damaged|is not an EthoProfiler model"):
            verify_seal(path)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_a_truncated_file_is_called_damaged(body: bytes, kept: float, tmp_path: Path) -> None:
    path = tmp_path / "short.onnx"
    whole = seal(body)
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ModelError, match=r"short\.onnx is damaged: its end is missing"):
        verify_seal(path)


def test_bytes_after_the_seal_are_damage(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "long.onnx"
    path.write_bytes(seal(body) + b"\0")
    with pytest.raises(ModelError, match="damaged"):
        verify_seal(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x09" * 500])
def test_another_file_is_not_called_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"other\.onnx is not an EthoProfiler model"):
        verify_seal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx cannot be read: No such file"):
        verify_seal(tmp_path / "none.onnx")
