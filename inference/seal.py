"""The seal of a model file: its last bytes are the SHA-256 of all bytes before them.

The seal is one more `metadata_props` entry of the ONNX ModelProto. Protocol buffers allow fields
to be concatenated, so that every ONNX reader takes a sealed file as it is.
Source: onnx.proto (ModelProto.metadata_props = 14, StringStringEntryProto.key = 1, value = 2);
protobuf encoding guide, "Last One Wins" and "Message Structure".
"""

import hashlib
from pathlib import Path
from typing import Final

from inference.error import ModelError
from inference.model_card import SEAL_KEY

PRODUCER: Final = "ethoprofiler"
"""The producer name (ModelProto field 2), which tells a damaged model from another's file."""

_HEX_DIGITS: Final = 64
_HEAD_BYTES: Final = 64


def seal(body: bytes) -> bytes:
    """Return a serialized ModelProto with its seal appended."""
    return body + _entry(hashlib.sha256(body).hexdigest())


def verify_seal(path: Path) -> str:
    """Return the SHA-256 (hex) of the sealed bytes of a model file.

    Raises ModelError if the file cannot be read, is damaged or is not a model of ours.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    size = len(_entry("0" * _HEX_DIGITS))
    body, tail = content[:-size], content[-size:]
    prefix = _entry("0" * _HEX_DIGITS)[:-_HEX_DIGITS]
    if not tail.startswith(prefix):
        if PRODUCER.encode() in content[:_HEAD_BYTES]:
            raise ModelError(f"{path} is damaged: its end is missing")
        raise ModelError(f"{path} is not an EthoProfiler model")
    digest = hashlib.sha256(body).hexdigest()
    if tail[len(prefix) :] != digest.encode():
        raise ModelError(f"{path} is damaged: its content does not match its checksum")
    return digest


def _entry(value: str) -> bytes:
    """Return the ModelProto field `metadata_props` {key: SEAL_KEY, value: value}."""
    message = _text(1, SEAL_KEY) + _text(2, value)
    return _tag(14) + bytes([len(message)]) + message


def _text(field: int, value: str) -> bytes:
    encoded = value.encode()
    return _tag(field) + bytes([len(encoded)]) + encoded


def _tag(field: int) -> bytes:
    """Return the tag byte of a length-delimited field (wire type 2) with a number below 16."""
    return bytes([field << 3 | 2])
