"""What the tests in the guest found, as JSON."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal
from xml.etree import ElementTree as ET

from tests.vm.error import MachineError

EXPECTED_SKIPS: Final = ("this camera delivers pictures",)
"""Ends of the only reasons for which a test may be skipped in the guest."""


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


def failed(group: str, name: str, message: str) -> Outcome:
    """Give the outcome of something that is not a test and has failed."""
    return Outcome(group, name, "FAILED", 0.0, {}, message)


def read_outcomes(report: Path, group: str) -> list[Outcome]:
    """Read pytest's JUnit report. Raises MachineError: it is not whole."""
    try:
        root = ET.parse(report).getroot()
        return [_outcome(case, group) for case in root.iter("testcase")]
    except (ET.ParseError, LookupError, ValueError) as error:
        raise MachineError(f"{group}: the report of the tests cannot be read: {error}") from error


def judged(outcomes: list[Outcome], group: str, exit_code: int) -> list[Outcome]:
    """Add what no single test says: that nothing has passed, that pytest was not content."""
    found = [_unless_expected(outcome) for outcome in outcomes]
    if not any(outcome.state == "ok" for outcome in found):
        found.append(failed(group, "the group", "no test has passed"))
    if exit_code != 0 and not any(outcome.state == "FAILED" for outcome in found):
        found.append(failed(group, "the group", f"pytest ended with {exit_code}"))
    return found


def _unless_expected(outcome: Outcome) -> Outcome:
    if outcome.state != "skipped" or outcome.message.endswith(EXPECTED_SKIPS):
        return outcome
    return replace(outcome, state="FAILED", message=f"skipped: {outcome.message}")


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
