"""Warnings about what is looked at again and again: once, then quietly until it changes."""

import logging
from pathlib import Path
from typing import Final


class ComplaintLog:
    """What was said last of each file or folder that something is wrong with."""

    def __init__(self, log: logging.Logger) -> None:
        self._log: Final = log
        self._said: Final[dict[Path, str]] = {}

    def warn(self, about: Path, sentence: str) -> None:
        """Write a line, unless it is what was said last."""
        if self._said.get(about) != sentence:
            self._log.warning("%s", sentence)
        self._said[about] = sentence

    def forget(self, about: Path) -> None:
        """Note that nothing is wrong any more."""
        self._said.pop(about, None)
