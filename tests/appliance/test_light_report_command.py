"""`ethoprofiler lights report`: page, JSON, terminal, signatures, refusals."""

import fcntl
import hashlib
import json
import os
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cage_plan import panel_plan
from appliance.command.lights_report import report
from appliance.config import RackConfig
from appliance.light_record_reading import read_day
from appliance.light_report import LightReportDocument
from appliance.light_report_building import make_report
from appliance.light_sign_off import SignOff, SignOffError, sign
from tests.appliance.light_day import Stretch, at_ns, lit_rack, row, rows_of, write

ROOT = Path(__file__).parents[2]
DAY = "2024-02-29"
SCREEN = """\
test/rack-a   light of 2024-02-29   standard time, UTC+01:00

Not as planned: panel front: too little white light for 10 min, from 14:00, 0 %
at worst; 11 h 50 min of light and 12 h 10 min of darkness seen.

Panel front
          00    03    06    09    12    15    18    21    24
planned   ··············████████████████████████··········
observed  ··············██████████████▄█████████··········
deviation                             !
          █ light  · dark  ▄ both  ? not observed
Due: 12 h of light, 12 h of darkness. Observed (measured): 11 h 50 min of light,
12 h 10 min of darkness. Not observed: nothing.
The panel's clock differed from this machine's by +0.20 s at the most (at
00:00:20); it was not set.

Lights on and off
       due       commanded  late by  measured  late by
  on   07:00:00  07:00:00   +0.4 s   07:00:00  +0.4 s
  off  19:00:00  19:00:00   +0.4 s   19:00:00  +0.4 s

Deviations
  from      until     length  worst level  what
  14:00:00  14:10:00  10 min  0 %          too little white light

Not signed.
"""


class PageReader(HTMLParser):
    """Collects what a browser would fetch, and checks that every element is closed."""

    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.drawings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.fetched += [name for name in ("src", "href", "srcset") if name in names]
        self.drawings += names.get("class") == "day"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    """A rack with the record of a day on which the lamp was dead for ten minutes."""
    config = lit_rack(tmp_path)
    plan = panel_plan(config, "front")
    rows = rows_of(plan, "2024-02-28T23:58:00", "2024-03-01T00:00:00")
    dead = Stretch(f"{DAY}T14:00:00", f"{DAY}T14:10:00")
    write(config, dead.change(rows, plan, lambda one: replace(one, white_measured=0)))
    return config


def run(config: RackConfig, *arguments: str) -> Result:
    path = config.rack.data.parent / "rack.toml"
    return CliRunner().invoke(report, [str(path), *arguments])


def record(config: RackConfig, name: str) -> Path:
    return config.rack.data / "lights" / name


def test_the_terminal_shows_sentence_drawing_and_tables(config: RackConfig) -> None:
    result = run(config, "--day", DAY)
    assert (result.exit_code, result.output[: len(SCREEN)]) == (0, SCREEN)


def test_a_terminal_without_unicode_gets_the_same_drawing(config: RackConfig) -> None:
    path = config.rack.data.parent / "rack.toml"
    output = CliRunner(charset="ascii").invoke(report, [str(path), "--day", DAY]).output
    assert "observed  ..............##############-#########.........." in output
    output.encode("ascii")


def test_the_page_needs_nothing_from_elsewhere_and_hides_no_markup(config: RackConfig) -> None:
    plan = panel_plan(config, "front")
    moment_ns = at_ns(f"{DAY}T12:00:00")
    evil = row(
        moment_ns, plan, cause="override", author="<b>", text='"><script>', white_commanded=60
    )
    day = read_day(config.rack.data / "lights", date(2024, 2, 29))
    record(config, f"{DAY}.csv").unlink()
    write(config, sorted([*day.rows, evil], key=lambda one: one.utc_ns))
    output = config.rack.data / "light.html"
    result = run(config, "--day", DAY, "--output", str(output))
    assert result.exit_code == 0
    page = output.read_text(encoding="utf-8")
    reader = PageReader()
    reader.feed(page)
    assert (reader.open, reader.fetched, reader.drawings) == ([], [], 1)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "too little white light for 10 min, from 14:00" in page
    document = json.loads((config.rack.data / "light.json").read_text())
    assert document["report"]["panels"][0]["deviations"][0]["length_s"] == 600.0


def test_the_json_is_of_its_published_schema(config: RackConfig) -> None:
    text = run(config, "--day", DAY, "--json").output
    document = LightReportDocument.model_validate_json(text)
    assert document.report.verdict == "not as planned"
    assert document.record_is_as_signed is None
    published = json.loads((ROOT / "docs" / "schemas" / "light-report.json").read_text())
    assert published == LightReportDocument.model_json_schema(by_alias=True)
    published = json.loads((ROOT / "docs" / "schemas" / "light-sign-off.json").read_text())
    assert published == SignOff.model_json_schema(by_alias=True)


def test_two_people_sign_and_the_first_signature_stays(config: RackConfig) -> None:
    assert run(config, "--day", DAY, "--sign", "Eva Meyer").exit_code == 0
    first = json.loads(record(config, f"{DAY}.signed.json").read_text())
    assert run(config, "--day", DAY, "--sign", "Eva Meyer").exit_code == 0
    result = run(config, "--day", DAY, "--sign", "Tom Roth")
    assert "Record and report are as they were signed." in result.output
    both = json.loads(record(config, f"{DAY}.signed.json").read_text())
    assert [one["name"] for one in both["signatures"]] == ["Eva Meyer", "Tom Roth"]
    assert both["signatures"][0] == first["signatures"][0]
    content = record(config, f"{DAY}.csv").read_bytes()
    assert first["signatures"][0]["record_sha256"] == hashlib.sha256(content).hexdigest()
    document = json.loads(run(config, "--day", DAY, "--json").output)
    canonical = json.dumps(
        document["report"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert first["signatures"][0]["report_sha256"] == digest == document["report_sha256"]


def test_a_record_that_was_changed_is_seen_and_cannot_be_signed_again(config: RackConfig) -> None:
    run(config, "--day", DAY, "--sign", "Eva Meyer")
    path = record(config, f"{DAY}.csv")
    path.write_bytes(path.read_bytes().replace(b";60;60;0;", b";60;60;60;"))
    signed = record(config, f"{DAY}.signed.json").read_bytes()
    output = run(config, "--day", DAY).output
    assert "WARNING: the record has been changed since it was signed." in output
    result = run(config, "--day", DAY, "--sign", "Tom Roth")
    assert result.exit_code == 1
    assert "2024-02-29.csv is not what Eva Meyer signed at 20" in result.output
    assert record(config, f"{DAY}.signed.json").read_bytes() == signed


def test_rows_that_came_after_a_signature_can_be_signed_anew_and_that_is_said(
    config: RackConfig,
) -> None:
    path = record(config, f"{DAY}.csv")
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-200]))
    run(config, "--day", DAY, "--sign", "Eva Meyer")
    path.write_bytes(content)
    output = " ".join(run(config, "--day", DAY).output.split())
    assert "Rows were added to the record since it was signed; it can be signed anew." in output
    result = run(config, "--day", DAY, "--sign", "Eva Meyer")
    assert result.exit_code == 0
    assert (
        "Rows were added to the record after the first signature; signed as it is now by Eva Meyer."
        in " ".join(result.output.split())
    )
    document = json.loads(run(config, "--day", DAY, "--json").output)
    assert (document["record_is_as_signed"], document["record_has_only_grown"]) == (False, True)
    assert len(document["signatures"]) == 2
    path.write_bytes(b"".join(lines[:-200]))
    assert run(config, "--day", DAY, "--sign", "Tom Roth").exit_code == 1, "rows are gone again"


def test_another_configuration_makes_another_report_of_the_signed_record(
    config: RackConfig,
) -> None:
    run(config, "--day", DAY, "--sign", "Eva Meyer")
    changed = lit_rack(config.rack.data.parent, "light_hours = 16.0\n")
    output = " ".join(run(changed, "--day", DAY).output.split())
    assert "The record is as it was signed; the report is not" in output


def test_a_day_that_is_not_over_cannot_be_signed(config: RackConfig) -> None:
    made = make_report(config, date(2024, 2, 29), at_ns("2024-03-01T00:00:59"))
    with pytest.raises(SignOffError, match="2024-02-29 is not over yet"):
        sign(config.rack.data / "lights", made, "Eva Meyer", at_ns("2024-03-01T00:00:59"))
    write(config, [row(at_ns("2024-03-01T00:00:20"), panel_plan(config, "front"))])
    made = make_report(config, date(2024, 2, 29), at_ns("2024-03-01T00:01:00"))
    assert len(sign(config.rack.data / "lights", made, "Eva", at_ns("2024-03-01T00:01:00"))) == 1


def test_a_day_whose_rows_still_wait_cannot_be_signed(config: RackConfig) -> None:
    day, folder = date(2024, 2, 29), config.rack.data / "lights"
    made = make_report(config, day, at_ns("2024-03-01T09:00:00"))
    assert not made.report.is_finished
    with pytest.raises(
        SignOffError,
        match="rows of 2024-02-29 may still wait to be written: panel front has no later row; it "
        "can be signed when there is one, or after 2024-03-04",
    ):
        sign(folder, made, "Eva Meyer", at_ns("2024-03-01T09:00:00"))
    assert made.report.remarks[0].startswith("Rows of 2024-02-29 may still wait")
    assert not made.report.sentence.startswith("Until")
    assert make_report(config, day, at_ns("2024-03-05T00:00:00")).report.is_finished


@pytest.mark.parametrize(
    ("moment", "cause"), [("2024-02-29T23:59:59", "stop"), ("2024-03-02T00:00:20", "minute")]
)
def test_a_day_is_finished_with_a_stop_or_any_later_row(
    config: RackConfig, moment: str, cause: str
) -> None:
    write(config, [row(at_ns(moment), panel_plan(config, "front"), cause=cause)])
    made = make_report(config, date(2024, 2, 29), at_ns("2024-03-02T09:00:00"))
    assert made.report.is_finished


def test_two_cannot_sign_at_the_same_time(config: RackConfig) -> None:
    folder = os.open(config.rack.data / "lights", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    result = run(config, "--day", DAY, "--sign", "Eva Meyer")
    os.close(folder)
    assert (result.exit_code, "somebody else is signing; try again" in result.output) == (1, True)


def test_damaged_signatures_are_refused_and_kept(config: RackConfig) -> None:
    path = record(config, f"{DAY}.signed.json")
    path.write_text('{"signatures": [')
    for arguments in ([], ["--sign", "Eva Meyer"]):
        result = run(config, "--day", DAY, *arguments)
        assert result.exit_code == 1
        assert "2024-02-29.signed.json: is not what was signed here" in result.output
    assert path.read_text() == '{"signatures": ['


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["--day", "2024-01-01"], 1, "there is no light record of 2024-01-01"),
        (["--day", "2999-01-01"], 1, "2999-01-01 lies in the future"),
        (["--day", DAY, "--panel", "cellar"], 1, "there is no panel cellar; known: front"),
        (["--day", "yesterday"], 2, "does not match the format '%Y-%m-%d'"),
        (["--day", DAY, "--panel", "front", "--sign", "Eva"], 2, "is for the whole rack"),
        (["--day", DAY, "--sign", " "], 2, "a name has 1 to 64 characters"),
        (["--day", DAY, "--output", "light.pdf"], 2, "light.pdf: must end with .html"),
        (["--day", DAY, "--output", "/nowhere/light.html"], 1, "/nowhere/light.html: cannot be"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    config: RackConfig, arguments: list[str], exit_code: int, sentence: str
) -> None:
    result = run(config, *arguments)
    assert result.exit_code == exit_code
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_the_drawing_never_hides_minutes_that_nobody_saw(config: RackConfig) -> None:
    path = record(config, f"{DAY}.csv")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if f"{DAY} 03:0" not in line))
    output = run(config, "--day", DAY).output
    assert "observed  ·····??·······██" in output
