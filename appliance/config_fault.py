"""What is wrong in a configuration, in plain words."""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from appliance.config_key import KeyTable, Schema
from appliance.config_place import Place, line_of

_LONGEST_VALUE: Final = 60
_ALIKE: Final = 0.7
"""So similar must a known key be to be proposed; 1 is the same."""
_SECRET: Final = re.compile(r"passw|passphrase|secret|token|(access|api)_?key", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"(^|//)[^/\s]*@")
_SECRET_ADVICE: Final = {
    "mqtt": "set ETHOPROFILER_MQTT_PASSWORD, or name a file in `password_file`",
    "store": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use ~/.aws/credentials",
}
_WORDS: Final[Mapping[str, str]] = {
    "string_type": "must be text in quotes",
    "path_type": "must be a path in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list in square brackets",
    "model_type": "must be a table",
    "time_type": "must be a time of day such as 07:00:00",
    "time_parsing": "must be a time of day such as 07:00:00",
    "datetime_type": "must be a day or a moment such as 2026-12-01T07:00:00",
    "datetime_parsing": "must be a day or a moment such as 2026-12-01T07:00:00",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "needs at least {min_length}",
    "too_long": "may have at most {max_length}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}
"""By pydantic's name of an error; what is not here keeps pydantic's words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, why, and the value if it may be shown."""

    place: Place
    reason: str
    value: str = ""


def explain(path: Path, text: str, faults: Sequence[Fault]) -> str:
    """Return all faults, a line each, in the order of the file."""
    placed = [(line_of(text, fault.place), fault) for fault in faults]
    placed.sort(key=lambda found: found[0] or 0)
    return "\n".join(
        f"{path}: {f'line {line}: ' if line else ''}"
        f"{_key(fault.place)}{fault.value}: {fault.reason}"
        for line, fault in placed
    )


def faults_of(error: ValidationError, schema: Schema, document: object) -> list[Fault]:
    """Translate what pydantic has found; `document` is what it was given."""
    keys = KeyTable(schema, document)
    details = error.errors()
    return [_fault(detail, keys) for detail in details if not _is_echo(detail, details)]


def _is_echo(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Return whether a list is called too short only because its elements are wrong."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details
    )


def _fault(detail: ErrorDetails, keys: KeyTable) -> Fault:
    place = keys.without_tags(detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        return Fault(place, _missing(place, keys))
    if kind == "extra_forbidden":
        return _unknown(place, detail["input"], keys)
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        key, values = keys.choices_at(place) or ("", [])
        given = detail["input"]
        tag = given.get(key) if isinstance(given, Mapping) else None
        reason = f"must be one of {_listed(values)}"
        if tag is None:
            return Fault((*place, key), f"is missing; it {reason}")
        return Fault((*place, key), reason, shown(tag))
    return Fault(place, _reason(detail, place, keys), shown(detail["input"]))


def _reason(detail: ErrorDetails, place: Place, keys: KeyTable) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    if isinstance(detail["input"], Mapping) and keys.is_array_of_tables(place):
        return f"write [[{_key(place)}]], in double brackets, once for each"
    if detail["type"] == "string_pattern_mismatch":
        meaning = keys.meaning_of(place)
        return f"must be {meaning}" if meaning else f"must match {context['pattern']}"
    if detail["type"] == "value_error":
        return str(context["error"])
    words = _WORDS.get(detail["type"])
    return words.format(**context) if words else detail["msg"]


def _missing(place: Place, keys: KeyTable) -> str:
    name = ".".join(str(part) for part in place if isinstance(part, str))
    if keys.is_array_of_tables(place):
        return f"is missing; the file needs at least one [[{name}]]"
    if keys.is_table(place):
        return f"is missing; the file needs a table [{name}]"
    meaning = keys.meaning_of(place)
    return f"is missing; give {meaning}" if meaning else "is missing"


def _unknown(place: Place, value: object, keys: KeyTable) -> Fault:
    *table, key = place
    known = keys.keys_at(table)
    if _SECRET.search(str(key)) and key not in known:
        advice = _SECRET_ADVICE.get(str(place[0]), "keep it in the environment")
        return Fault(place, f"secrets do not belong in this file, which people share; {advice}")
    closest = difflib.get_close_matches(str(key), known, n=1, cutoff=_ALIKE)
    hint = f"did you mean `{closest[0]}`?" if closest else f"known here are {_listed(known)}"
    return Fault(place, f"unknown key; {hint}", shown(value))


def shown(value: object) -> str:
    """Return ` = value` as a file has it, shortened, without credentials; nothing for a table."""
    if isinstance(value, Mapping) or value is None:
        return ""
    if isinstance(value, str):
        value = _CREDENTIALS.sub(r"\1***@", value)
    if isinstance(value, date | time):
        text = value.isoformat()
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_VALUE:
        text = f"{text[: _LONGEST_VALUE - 3]}..."
    return f" = {text}"


def _key(place: Place) -> str:
    """Return dotted keys; the line says which element of an array is meant."""
    return ".".join(part for part in place if isinstance(part, str)) or "the file"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
