"""The page that explains the configuration."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from appliance.config import RackConfig

PAGE: Final = Path(__file__).parents[2] / "docs" / "configuration.md"


def tables(
    schema: dict[str, Any], heading: str, table: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the heading and the schema of each table below `table`."""
    path = heading.strip("[]`")
    for key, value in table["properties"].items():
        name = f"{path}.{key}" if path else key
        members = [value, *value.get("anyOf", ())]
        is_list = "items" in value
        members += [value["items"]] if is_list else []
        for member in members:
            for tag, reference in choices(member):
                found = schema["$defs"][reference.removeprefix("#/$defs/")]
                brackets = f"`[[{name}]]`" if is_list else f"`[{name}]`"
                inner = f"{brackets} with `{tag}`" if tag else brackets
                yield inner, found
                yield from tables(schema, brackets, found)


def choices(member: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a value refers to, with what chooses it."""
    if "discriminator" in member:
        key = member["discriminator"]["propertyName"]
        mapping = member["discriminator"]["mapping"]
        return [(f'{key} = "{tag}"', reference) for tag, reference in mapping.items()]
    return [("", member["$ref"])] if "$ref" in member else []


def sections() -> dict[str, str]:
    """Return the text under each heading."""
    parts = re.split(r"^#{2,3} (.*)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def written(default: object) -> str:
    """Return a default as the page writes it."""
    if default in (None, [], {}):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, str) and not re.fullmatch(r"\d\d:\d\d:\d\d", default):
        return f'"{default}"'
    return str(default)


def test_every_key_of_every_table_has_a_row_with_its_default() -> None:
    schema = RackConfig.model_json_schema()
    text = sections()
    wrong = []
    looked_at = []
    for heading, table in tables(schema, "", schema):
        looked_at.append(heading)
        rows = re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", text.get(heading, ""), re.MULTILINE)
        expected = [
            (key, written(value["default"]) if "default" in value else "required")
            for key, value in table["properties"].items()
        ]
        if sorted(rows) != sorted(expected):
            wrong.append((heading, sorted(set(rows) ^ set(expected))))
    assert wrong == []
    assert len(looked_at) == 20


def test_the_examples_of_the_page_make_one_valid_configuration() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    s3, _folder = (text for text in examples if text.startswith("[store]"))
    whole = [text for text in examples if text.startswith("[") and not text.startswith("[store]")]
    document = tomllib.loads("\n".join([*whole, s3]))
    RackConfig.model_validate(document)
    (fault,) = (text for text in examples if text.startswith("camera"))
    document["cage"][0] |= tomllib.loads(fault)
    RackConfig.model_validate(document)
