"""The light report as one printable page of HTML that needs nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timezone
from html import escape
from typing import Final

from appliance.light_record_reading import day_bounds_ns
from appliance.light_report import LightReport, LightReportDocument, PanelReport, Verdict
from appliance.light_report_building import MadeReport
from appliance.light_report_drawing import PATTERNS, day_drawing, legend
from appliance.light_report_words import (
    Table,
    balance,
    clock_sentence,
    panel_tables,
    record_sentence,
    signature_lines,
    tolerance_sentence,
)
from appliance.light_sign_off import software

_SIGNS: Final[dict[Verdict, str]] = {
    "as planned": "&#10003;",
    "not as planned": "&#10007;",
    "not fully observed": "?",
}
_STYLE: Final = """
@page { size: A4; margin: 14mm; }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { font: 14px/1.45 "DejaVu Sans", Verdana, sans-serif; color: #111; background: #fff;
  max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 1.6rem 0 0.3rem; }
h3 { font-size: 1rem; margin: 0.9rem 0 0.2rem; }
p { margin: 0.3rem 0; }
.verdict { border: 2px solid #111; border-left-width: 12px; padding: 0.6rem 0.9rem;
  margin: 0.9rem 0; font-weight: bold; }
.verdict.bad { border-left-color: #d55e00; } .verdict.good { border-left-color: #0072b2; }
.sign { display: inline-block; width: 1.6rem; }
svg.day { width: 100%; height: auto; display: block; margin: 0.5rem 0; font-family: inherit; }
.legend { font-size: 0.85rem; } .key { margin-right: 0.9rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { border-bottom: 1px solid #bbb; text-align: left; padding: 0.15rem 0.6rem 0.15rem 0;
  vertical-align: top; overflow-wrap: anywhere; }
th { border-bottom-color: #111; }
section { break-inside: avoid; } tr, svg { break-inside: avoid; }
.small { font-size: 0.8rem; color: #333; overflow-wrap: anywhere; }
.line { margin-top: 2.2rem; border-top: 1px solid #111; width: 22rem; font-size: 0.85rem; }
"""


def report_page(made: MadeReport, document: LightReportDocument, zone: timezone) -> str:
    """Return the whole page."""
    report = document.report
    title = f"Light of {report.facility}/{report.rack} on {report.day}"
    midnight_ns = day_bounds_ns(date.fromisoformat(report.day), zone)[0]
    sections = (
        _panel(panel, day_drawing(day, midnight_ns, zone), zone, is_alone=len(made.days) == 1)
        for panel, day in zip(report.panels, made.days, strict=True)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"{PATTERNS}<h1>{escape(title)}</h1>\n"
        f"<p>All times in the facility's standard time, UTC{escape(report.utc_offset)}, without "
        "daylight saving.</p>\n"
        f"{_verdict(report)}\n{legend()}\n{''.join(sections)}"
        f"{_closing(document, zone)}</body></html>\n"
    )


def _verdict(report: LightReport) -> str:
    kind = "good" if report.verdict == "as planned" else "bad"
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in report.remarks)
    return (
        f'<div class="verdict {kind}"><span class="sign">{_SIGNS[report.verdict]}</span>'
        f"{escape(report.sentence)}</div>{remarks}"
    )


def _panel(panel: PanelReport, drawing: str, zone: timezone, *, is_alone: bool) -> str:
    sentence = "" if is_alone else f"<p>{escape(panel.sentence)}</p>"
    tables = "".join(_table(table) for table in panel_tables(panel, zone))
    return (
        f"<section><h2>Panel {escape(panel.panel)}</h2>{sentence}"
        f"{drawing}</section>\n<p>{escape(balance(panel))}</p>"
        f"<p>{escape(clock_sentence(panel, zone))}</p>{tables}\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in table.columns)
    return (
        f"<h3>{escape(table.title)}</h3><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(_rows(table.rows))}</tbody></table>"
    )


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"


def _closing(document: LightReportDocument, zone: timezone) -> str:
    signatures = "".join(f"<p>{escape(line)}</p>" for line in signature_lines(document, zone))
    by_hand = '<p class="line">name, date, signature</p>'
    return (
        f"<section><h2>Signatures</h2>{signatures}{by_hand}</section>"
        "<h2>How this was judged</h2>"
        f"<p>{escape(tolerance_sentence(document.report.tolerances))}</p>"
        f'<p class="small">{escape(record_sentence(document))} Made by {escape(software())}.</p>\n'
    )
