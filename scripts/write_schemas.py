"""Write the JSON Schemas of docs/schemas from the types that define them."""

import json
from pathlib import Path

from appliance.light_report import LightReportDocument
from appliance.light_sign_off import SignOff
from appliance.segment_manifest import SegmentManifest
from inference.evaluate.agreement import Agreement
from inference.evaluate.comparison import Comparison
from inference.evaluate.report import Report

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def manifest_schema() -> str:
    """Return the schema of a segment's manifest."""
    return json.dumps(SegmentManifest.model_json_schema(by_alias=True), indent=2) + "\n"


def light_report_schema() -> str:
    """Return the schema of the light report of a day."""
    return json.dumps(LightReportDocument.model_json_schema(by_alias=True), indent=2) + "\n"


def light_sign_off_schema() -> str:
    """Return the schema of a day's signatures."""
    return json.dumps(SignOff.model_json_schema(by_alias=True), indent=2) + "\n"


def evaluation_schema() -> str:
    """Return the schema of an evaluation's report."""
    return json.dumps(Report.model_json_schema(by_alias=True), indent=2) + "\n"


def comparison_schema() -> str:
    """Return the schema of a comparison of two models."""
    return json.dumps(Comparison.model_json_schema(by_alias=True), indent=2) + "\n"


def agreement_schema() -> str:
    """Return the schema of the agreement of raters."""
    return json.dumps(Agreement.model_json_schema(by_alias=True), indent=2) + "\n"


if __name__ == "__main__":
    (SCHEMAS / "segment.json").write_text(manifest_schema())
    (SCHEMAS / "light-report.json").write_text(light_report_schema())
    (SCHEMAS / "light-sign-off.json").write_text(light_sign_off_schema())
    (SCHEMAS / "evaluation.json").write_text(evaluation_schema())
    (SCHEMAS / "comparison.json").write_text(comparison_schema())
    (SCHEMAS / "agreement.json").write_text(agreement_schema())
