"""`ethoprofiler commission`: a person and a program look over each cage together."""

import sys
from pathlib import Path
from typing import Final

import click

from appliance.commission_dialog import CommissionDialog, Given
from appliance.operator_call import config_argument

_LONGEST_S: Final = 120.0


@click.command()
@config_argument
@click.option("--cage", "cages", type=click.IntRange(1, 99), multiple=True, help="Only this cage.")
@click.option(
    "--look",
    "look_s",
    type=click.FloatRange(1.0, _LONGEST_S),
    default=4.0,
    show_default=True,
    help="Seconds of pictures for each look.",
)
@click.option(
    "--learn",
    "learn_s",
    type=click.FloatRange(16.0, _LONGEST_S),
    default=40.0,
    show_default=True,
    help="Seconds of pictures to learn from; the mouse should walk meanwhile.",
)
@click.option(
    "--png",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pictures; by default where the references are.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: keep devices and crops, save what is fit.")
def commission(
    config: Path | None,
    cages: tuple[int, ...],
    look_s: float,
    learn_s: float,
    png: Path | None,
    *,
    yes: bool,
) -> None:
    """Go through each cage: device, picture, focus, exposure, framing, panel, crop.

    Shows what the camera sees, here and as a PNG. Blinks the infrared light of each panel to find
    the one behind the cage; white light is never touched. Learns the cage's surroundings, against
    which the picture watch judges from then on. Saves camera, crop and panel in CONFIG, whose
    comments stay. Nothing is saved of a cage that is left out.

    The rack may run, but not this cage's recorder: `ethoprofiler cage stop`. What is saved in
    CONFIG counts from the next `ethoprofiler run` on.

    Ends with 1 if a cage was not saved.
    """
    given = Given(look_s=look_s, learn_s=learn_s, png=png, asks=not yes)
    dialog = CommissionDialog(config, given)
    left_out = dialog.run(cages)
    sys.exit(1 if left_out else 0)
