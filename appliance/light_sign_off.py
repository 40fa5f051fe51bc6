"""Who has signed the light report of a day; a file beside the record that only grows."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.event import rfc3339
from appliance.light_report import LightReportDocument, Signature
from appliance.light_report_building import MadeReport
from disk.durable_file import write_durably

SOFTWARE: Final = "ethoprofiler"


class SignOffError(Exception):
    """Nothing was signed, or what was signed cannot be read; the message is one sentence."""


class SignOff(BaseModel):
    """The file `<day>.signed.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_name: Annotated[
        Literal["ethoprofiler.light-sign-off/1"],
        Field(alias="schema", serialization_alias="schema"),
    ] = "ethoprofiler.light-sign-off/1"
    facility: str
    rack: str
    day: str
    signatures: tuple[Signature, ...]


def signatures_of(folder: Path, day: date) -> tuple[Signature, ...]:
    """Return the signatures of a day in order. Raises SignOffError."""
    path = _path(folder, day)
    try:
        return SignOff.model_validate_json(path.read_bytes()).signatures
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SignOffError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise SignOffError(f"{path}: is not what was signed here: it is damaged") from error


def document_of(made: MadeReport, signatures: tuple[Signature, ...]) -> LightReportDocument:
    """Return a report with its signatures, and whether they are about this record and report."""
    record = [one.record_sha256 == made.report.record.sha256 for one in signatures]
    grown = [made.record.has_grown_from(one.record_sha256) for one in signatures]
    report = [one.report_sha256 == made.sha256 for one in signatures]
    return LightReportDocument(
        report=made.report,
        report_sha256=made.sha256,
        signatures=signatures,
        record_is_as_signed=all(record) if signatures else None,
        record_has_only_grown=all(grown) if signatures else None,
        report_is_as_signed=all(report) if signatures else None,
    )


def sign(folder: Path, made: MadeReport, name: str, now_ns: int) -> tuple[Signature, ...]:
    """Add a signature durably, and return all; safe to call twice.

    Refuses an unfinished day, and a record that is neither what others have signed nor that with
    rows added: nothing is ever overwritten. Raises SignOffError.
    """
    report = made.report
    day = date.fromisoformat(report.day)
    if not report.is_finished:
        raise SignOffError(made.unfinished)
    try:
        with _alone(folder):
            earlier = signatures_of(folder, day)
            signature = _signature(made, name, now_ns)
            for one in earlier:
                if not made.record.has_grown_from(one.record_sha256):
                    raise SignOffError(
                        f"{report.record.file} is not what {one.name} signed at {one.time}; "
                        "nothing was signed"
                    )
                if (one.name, one.report_sha256) == (name, signature.report_sha256):
                    return earlier
            signatures = (*earlier, signature)
            sign_off = SignOff(
                facility=report.facility, rack=report.rack, day=report.day, signatures=signatures
            )
            text = sign_off.model_dump_json(by_alias=True, indent=2) + "\n"
            write_durably(_path(folder, day), text.encode())
    except OSError as error:
        path = _path(folder, day)
        raise SignOffError(f"{path}: cannot be written: {error.strerror}") from error
    return signatures


def software() -> str:
    """Return name and version."""
    return f"{SOFTWARE} {version(SOFTWARE)}"


def _signature(made: MadeReport, name: str, now_ns: int) -> Signature:
    return Signature(
        name=name,
        time=rfc3339(now_ns),
        record_sha256=made.report.record.sha256,
        report_sha256=made.sha256,
        verdict=made.report.verdict,
        sentence=made.report.sentence,
        software=software(),
    )


def _path(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.signed.json"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who signs. Raises SignOffError at once if somebody else does, OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SignOffError(f"{folder}: somebody else is signing; try again") from None
        yield
    finally:
        os.close(descriptor)
