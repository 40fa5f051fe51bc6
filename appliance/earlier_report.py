"""What is known of predictions from the report beside them."""

from pathlib import Path

import click

from inference.error import EvaluationError
from inference.evaluate.report import Report
from inference.evaluate.report_folder import REPORT_NAME, read_report


def report_beside(path: Path) -> Report | None:
    """Return the report in a folder, or beside a file of predictions; None if there is none.

    One that cannot be read is named on stderr, and there is none.
    """
    report = (path if path.is_dir() else path.parent) / REPORT_NAME
    if not report.exists():
        return None
    try:
        return read_report(report)
    except EvaluationError as error:
        click.echo(f"{error}; only the predictions are used", err=True)
        return None
