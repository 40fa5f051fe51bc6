"""What the tests in the guest found, as JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test."""

    group: str
    name: str
    state: Literal["ok", "FAILED", "skipped"]
    seconds: float
    figures: dict[str, str]
    """What the test has measured, by name."""
    message: str
    """Why it failed or was skipped; empty if it passed."""

    def to_json(self) -> dict[str, object]:
        """Give all of it."""
        return asdict(self)


def read_outcomes(report: Path, group: str) -> list[Outcome]:
    """Read pytest's JUnit report."""
    root = ET.parse(report).getroot()
    return [_outcome(case, group) for case in root.iter("testcase")]


def _outcome(case: ET.Element, group: str) -> Outcome:
    troubles = [*case.findall("failure"), *case.findall("error")]
    skips = case.findall("skipped")
    figures = {part.attrib["name"]: part.attrib["value"] for part in case.iter("property")}
    told = [*troubles, *case.findall("system-out")] if troubles else skips
    said = "\n".join(part.text or part.attrib.get("message", part.tag) for part in told)
    return Outcome(
        group=group,
        name=case.attrib["name"],
        state="FAILED" if troubles else "skipped" if skips else "ok",
        seconds=float(case.attrib["time"]),
        figures=figures,
        message=said.strip(),
    )
