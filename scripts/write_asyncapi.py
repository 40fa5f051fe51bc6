"""Write docs/schemas/asyncapi.json from the table of channels and the types of their messages."""

import json
import re
from pathlib import Path
from typing import Any, Final

from appliance.channel import CHANNELS, Channel
from appliance.message import Envelope

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = ROOT / "docs" / "schemas" / "asyncapi.json"
EXAMPLES: Final = ROOT / "tests" / "appliance" / "golden"
_PARAMETERS: Final = {
    "facility": "The facility of the rack's configuration.",
    "rack": "The name in the rack's configuration.",
    "cage": "The cage's number, two digits.",
    "panel": "The light panel's name.",
    "alert": "The alert's id, the same for one cause, such as `cage-03-stalled`.",
}
_INTRODUCTION: Final = (
    "What a rack tells the outside over MQTT 5. Messages come at least once, within a topic in "
    "order, and are told apart by `id`; a hole in `seq` can be replayed for 30 days. Retained "
    "topics hold the state now; an empty message clears one. No command is accepted over MQTT."
)


def document() -> str:
    """Return the AsyncAPI 3 document. Source: https://www.asyncapi.com/docs/reference/v3.0.0."""
    names = {channel: _name(channel) for channel in CHANNELS}
    text = {
        "asyncapi": "3.0.0",
        "info": {"title": "EthoProfiler rack", "version": "1", "description": _INTRODUCTION},
        "defaultContentType": "application/json",
        "channels": {name: _channel(channel, name) for channel, name in names.items()},
        "operations": {
            f"send-{name}": _operation(channel, name) for channel, name in names.items()
        },
        "components": {
            "messages": {name: _message(channel, name) for channel, name in names.items()},
            "schemas": {name: message_schema(channel) for channel, name in names.items()},
        },
    }
    return json.dumps(text, indent=2, ensure_ascii=False) + "\n"


def message_schema(channel: Channel) -> dict[str, Any]:
    """Return the JSON Schema of a whole message: the envelope's fields and the payload's."""
    envelope = Envelope.model_json_schema(by_alias=True)
    payload = _without_references(channel.payload.model_json_schema())
    schema = dict(envelope["properties"]["schema"], const=channel.schema)
    return {
        "type": "object",
        "description": payload["description"],
        "properties": envelope["properties"] | {"schema": schema} | payload["properties"],
        "required": envelope["required"] + payload["required"],
        "additionalProperties": False,
    }


def _without_references(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which what its `$defs` define stands where it is meant.

    Source: JSON Schema 2020-12, section 8.2.3.1; pydantic refers to nested models.
    """
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]])
        return {key: resolved(value) for key, value in node.items()}

    found: dict[str, Any] = resolved(schema)
    return found


def _name(channel: Channel) -> str:
    return channel.schema.removeprefix("ethoprofiler.").partition("/")[0]


def _channel(channel: Channel, name: str) -> dict[str, Any]:
    address = "ethoprofiler/{facility}/{rack}/" + channel.address
    found = re.findall(r"{(\w+)}", address)
    return {
        "address": address,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "parameters": {parameter: {"description": _PARAMETERS[parameter]} for parameter in found},
    }


def _operation(channel: Channel, name: str) -> dict[str, Any]:
    """Source: https://github.com/asyncapi/bindings/blob/master/mqtt/README.md, version 0.2.0."""
    binding: dict[str, Any] = {"qos": channel.qos, "retain": channel.retained}
    if channel.expiry_s is not None:
        binding["messageExpiryInterval"] = channel.expiry_s
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "bindings": {"mqtt": binding | {"bindingVersion": "0.2.0"}},
    }


def _message(channel: Channel, name: str) -> dict[str, Any]:
    example = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return {
        "name": channel.schema,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": [{"payload": example}],
    }


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
