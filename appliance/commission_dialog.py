"""The questions and answers of `ethoprofiler commission`."""

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.camera_verdict import verdicts
from appliance.commissioning import (
    cage_camera,
    known_reference,
    learn_reference,
    panel_behind,
    panel_rows,
    try_panels,
)
from appliance.config import CageSection, ConfigError, RackConfig, read_config
from appliance.config_edit import edit_cage
from appliance.config_search import find_config
from appliance.device_dialog import pick_camera
from appliance.preview import PreviewError, picture_text, shown, write_png
from appliance.probe import CheckRow
from appliance.rack_path import reference_path
from appliance.sentence import about
from appliance.terminal import output_width
from capture_hw.camera import Camera
from capture_hw.camera_look import look, look_over
from capture_hw.error import CaptureError
from capture_hw.picture_measure import Luma, measure
from capture_hw.reference import Limits, Reference, ReferenceUnusable, save_reference
from capture_hw.v4l2.kernel import Machine
from inference.crop import CropRectangle

_STYLES: Final = {"ok": "green", "warning": "yellow", "failed": "bold red"}
_WIDEST: Final = 88
"""Columns of a preview: more than a mouse needs."""
_FOCUS_S: Final = 60.0
_CROP: Final = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*")
_Answer: TypeAlias = Literal["next", "look", "focus", "crop", "leave"]
_ANSWERS: Final[dict[str, _Answer]] = {
    "": "next",
    "n": "next",
    "l": "look",
    "f": "focus",
    "c": "crop",
    "x": "leave",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line said."""

    look_s: float
    learn_s: float
    png: Path | None
    asks: bool


class CommissionDialog:
    """Leads through cages, one after the other."""

    def __init__(self, config: Path | None, given: Given) -> None:
        """Read the configuration; raises ClickException."""
        self._given: Final = given
        self._path: Final = find_config(config)
        self._config: Final = self._read()
        self._console: Final = Console(highlight=False, markup=False, width=output_width())

    def run(self, numbers: tuple[int, ...]) -> list[int]:
        """Commission the cages, by default all; return those that were not saved."""
        try:
            chosen = [self._config.cage_numbered(number) for number in numbers]
        except ConfigError as error:
            raise click.ClickException(str(error)) from error
        left_out = []
        for cage in chosen or self._config.cage:
            click.echo(f"\ncage {cage.label}, {cage.animal}")
            try:
                is_saved = self._commission(cage)
            except (CaptureError, ConfigError, PreviewError) as error:
                click.echo(
                    about(f"cage {cage.label}: not saved", f"cage {cage.label}", str(error)),
                    err=True,
                )
                is_saved = False
            if not is_saved:
                left_out.append(cage.number)
        self._sum_up(left_out)
        return left_out

    def _read(self) -> RackConfig:
        try:
            return read_config(self._path)
        except ConfigError as error:
            raise click.ClickException(str(error)) from error

    def _commission(self, cage: CageSection) -> bool:
        """Return whether the cage was saved."""
        if self._given.asks:
            cage = cage.model_copy(update={"camera": pick_camera(cage.camera, Machine())})
        reference = self._reference_before(cage)
        with cage_camera(self._config, cage) as camera:
            looked = self._look_until_right(cage, camera, reference)
            if looked is None:
                return False
            cage = looked
            found = self._find_panel(cage, camera)
            if found is None:
                return False
            cage = found
            learnt = self._learn(camera)
        return self._save(cage, learnt)

    def _reference_before(self, cage: CageSection) -> Reference | None:
        try:
            return known_reference(self._config, cage.number)
        except ReferenceUnusable as error:
            click.echo(f"{error}; it will be learnt anew", err=True)
            return None

    def _look_until_right(
        self, cage: CageSection, camera: Camera, reference: Reference | None
    ) -> CageSection | None:
        """Return the cage with its crop, None if the person leaves it out or it is not fit."""
        while True:
            seen = look_over(camera, self._given.look_s)
            self._show_picture(cage, seen.luma)
            rows = verdicts(camera.format, seen.captured_ns, seen.luma, reference, cage.crop)
            self._show_rows(rows)
            is_fit = all(row.verdict != "failed" for row in rows)
            if not self._given.asks:
                return cage if is_fit else None
            match self._ask(is_fit=is_fit):
                case "next":
                    return cage
                case "leave":
                    return None
                case "focus":
                    self._follow_focus(camera)
                case "crop":
                    cage = cage.model_copy(update={"crop": self._ask_crop(cage.crop)})
                case "look":
                    pass

    def _show_picture(self, cage: CageSection, luma: Luma) -> None:
        levels = shown(luma, cage.crop)
        if self._console.is_terminal:
            self._console.print(picture_text(levels, min(_WIDEST, self._console.width)), end="")
        folder = self._given.png or reference_path(self._config, cage.number).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PreviewError(f"{folder}: cannot be made: {error.strerror}") from error
        path = folder / f"{cage.label}_preview.png"
        write_png(path, levels)
        click.echo(f"the same picture: {path}")

    def _show_rows(self, rows: list[CheckRow]) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for row in rows:
            table.add_row(row.what, Text(row.verdict, _STYLES[row.verdict]), Text(row.text))
        self._console.print(table)

    def _ask(self, *, is_fit: bool) -> _Answer:
        question = "[Enter] go on, l look again, f focus, c crop, x leave this cage out"
        if not is_fit:
            question = "not fit yet: l look again, f focus, c crop, n go on all the same, x leave"
        while True:
            answer = click.prompt(question, default="" if is_fit else "l", show_default=False)
            if answer.strip().lower() in _ANSWERS:
                return _ANSWERS[answer.strip().lower()]

    def _follow_focus(self, camera: Camera) -> None:
        """Show the sharpness as the lens is turned; Ctrl-C ends it."""
        click.echo(
            f"turn the lens until the figure is greatest; Ctrl-C ends, at most {_FOCUS_S:g} s"
        )
        best, next_s = 0.0, 0.0
        try:
            for picture in look(camera, _FOCUS_S):
                if time.monotonic() < next_s:
                    continue
                next_s = time.monotonic() + 0.3
                sharpness = measure(picture.luma).sharpness
                best = max(best, sharpness)
                click.echo(f"\rsharpness {sharpness:.3f}, best {best:.3f} ", nl=False)
        except KeyboardInterrupt:
            pass
        click.echo()

    def _ask_crop(self, present: CropRectangle | None) -> CropRectangle | None:
        text = "none"
        if present is not None:
            text = f"{present.left},{present.top},{present.width},{present.height}"
        while True:
            answer = click.prompt("crop as left,top,width,height, or none", default=text)
            if answer.strip() == "none":
                return None
            found = _CROP.fullmatch(answer)
            if found and int(found[3]) and int(found[4]):
                left, top, width, height = map(int, found.groups())
                return CropRectangle(left=left, top=top, width=width, height=height)

    def _find_panel(self, cage: CageSection, camera: Camera) -> CageSection | None:
        """Return the cage with its panel, None if none is proven and nobody goes on without."""
        trials = try_panels(self._config, camera)
        rows = panel_rows(trials, cage.panel)
        self._show_rows(rows)
        cage = cage.model_copy(update={"panel": panel_behind(trials, cage.panel)})
        if all(row.verdict != "failed" for row in rows):
            return cage
        question = f"no panel is seen; go on with panel {cage.panel or 'none'}?"
        goes_on = self._given.asks and click.confirm(question, default=False)
        return cage if goes_on else None

    def _learn(self, camera: Camera) -> Reference:
        click.echo(f"learning the surroundings, {self._given.learn_s:g} s ...")
        return learn_reference(self._config, camera, self._given.learn_s, [])

    def _save(self, cage: CageSection, learnt: Reference) -> bool:
        limits = learnt.limits
        panel = cage.panel or "none"
        click.echo(
            f"learnt from {limits.pictures} pictures, {limits.still_part:.0%} of them still; "
            f"panel {panel}; camera {cage.camera.driver}"
        )
        _show_limits(limits)
        if self._given.asks and not click.confirm(f"save cage {cage.label}?", default=True):
            return False
        path = reference_path(self._config, cage.number)
        save_reference(path, learnt)
        try:
            edit_cage(self._path, cage)
        except ConfigError as error:
            raise ConfigError(f"{error}; the reference is saved already, in {path}") from error
        click.echo(f"cage {cage.label}: saved in {self._path} and {path}")
        return True

    def _sum_up(self, left_out: list[int]) -> None:
        if left_out:
            names = ", ".join(f"{number:02d}" for number in left_out)
            click.echo(f"\nnot saved: cage {names}", err=True)
            return
        click.echo("\nall saved; a changed configuration counts from the next `ethoprofiler run`")
        sys.stdout.flush()


def _show_limits(limits: Limits) -> None:
    click.echo(
        f"learnt: mean luma {limits.mean_luma:.0f}, {limits.bright_part:.1%} over-exposed, "
        f"sharpness {limits.sharpness:.3f}, likeness {limits.likeness:.2f}"
    )
    click.echo(
        f"faults: {limits.most_bright:.0%} over-exposed, moved beyond "
        f"{limits.longest_shift_px:.0f} px, likeness below {limits.least_likeness:.2f}, "
        f"edges below {limits.least_focus:.0%} as steep"
    )
