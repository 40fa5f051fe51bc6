"""Relative paths of a configuration, which start at its folder."""

from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from appliance.config_fault import Fault, shown
from appliance.config_place import Place
from appliance.model_folder import MODEL_SUFFIX

_M = TypeVar("_M", bound=BaseModel)
_MODEL_PLACE: Final = ("classifier", "model")
"""The one path that is text, because it may also be the name of a shipped model."""


def anchor_paths(config: _M, folder: Path) -> tuple[_M, list[Fault]]:
    """Return the configuration with every relative path made absolute, and what is no path."""
    faults: list[Fault] = []
    return _anchored_model(config, (), folder, faults), faults


def _anchored_model(model: _M, place: Place, folder: Path, faults: list[Fault]) -> _M:
    changes: dict[str, object] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        anchored = _anchored(value, (*place, field.alias or name), folder, faults)
        if anchored is not value:
            changes[name] = anchored
    return model.model_copy(update=changes) if changes else model


def _anchored(value: object, place: Place, folder: Path, faults: list[Fault]) -> object:
    if isinstance(value, BaseModel):
        return _anchored_model(value, place, folder, faults)
    if isinstance(value, tuple):
        return tuple(
            _anchored(element, (*place, position), folder, faults)
            for position, element in enumerate(value)
        )
    if isinstance(value, Path):
        return _anchored_path(value, place, folder, faults)
    if place == _MODEL_PLACE and isinstance(value, str) and _is_path(value):
        return str(_anchored_path(Path(value), place, folder, faults))
    return value


def _is_path(model: str) -> bool:
    return "/" in model or model.endswith(MODEL_SUFFIX)


def _anchored_path(path: Path, place: Place, folder: Path, faults: list[Fault]) -> Path:
    text = str(path)
    if "\0" in text:
        faults.append(Fault(place, "a path has no zero character", shown(text)))
    if text.startswith("~"):
        reason = "`~` would mean another folder for each user; write the whole path"
        faults.append(Fault(place, reason, shown(text)))
    return folder / path
