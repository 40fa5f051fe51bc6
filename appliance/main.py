"""The command line `ethoprofiler`."""

from importlib import import_module
from typing import Final

import click

# ruff: noqa: ARG002 - the signatures are click's

_COMMANDS: Final = {
    "acknowledge": "Say that somebody knows of an alert.",
    "agreement": "Compare what people, or people and models, said of the same frames.",
    "cage": "Stop or start the recording of one cage.",
    "check": "Try everything that a configuration names, before it is needed.",
    "classify": "Label videos: a behavior for every frame.",
    "commission": "Look over each cage with its camera and panel, and save what is fit.",
    "compare": "Compare two models on the same clips.",
    "completion": "Print the shell completion script.",
    "crossvalidate": "Train and judge on every fold of a data set, as the paper did.",
    "dashboard": "Watch a running rack in the terminal.",
    "dataset": "Check, cut, sample and export annotated data sets.",
    "demo": "Run a rack of simulated cages on this machine, with its dashboard.",
    "devices": "List the capture cards and cameras of this machine.",
    "evaluate": "Judge a model by annotated clips, and write a report.",
    "init": "Write an example configuration.",
    "lights": "Plan, check, see and override light.",
    "model": "List, inspect, import, export and verify model files.",
    "note": "Write down what was seen or done, with the recordings.",
    "run": "Run a rack: record, label, tell, upload.",
    "segment": "Check or repair recorded segments.",
    "show": "Show label files as colored time lines.",
    "simulate": "Write a data set of simulated cages, with the truth of every frame.",
    "status": "Show the state of a running rack.",
    "stop": "Stop a running rack in order.",
    "train": "Train a network on annotated clips.",
}
_HIDDEN: Final = ("worker",)
"""For the supervisor, not for people."""


class _LazyGroup(click.Group):
    """Import a subcommand's module only when it is used, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS and cmd_name not in _HIDDEN:
            return None
        # A lazy import: torch or OpenCV would cost a second for every `--help`.
        command = getattr(import_module(f"appliance.command.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="ethoprofiler")
def main() -> None:
    """Home-cage behavior of mice: recorded, labelled, delivered.

    Every command explains itself with --help.
    """
