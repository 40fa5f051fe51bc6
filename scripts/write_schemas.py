"""Write the JSON Schemas of docs/schemas from the types that define them."""

import json
from pathlib import Path

from appliance.segment_manifest import SegmentManifest

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def manifest_schema() -> str:
    """Return the schema of a segment's manifest."""
    return json.dumps(SegmentManifest.model_json_schema(by_alias=True), indent=2) + "\n"


if __name__ == "__main__":
    (SCHEMAS / "segment.json").write_text(manifest_schema())
