"""Sentences that people read, taken together or apart."""

import re
from typing import Final

_NUMBER: Final = re.compile(r"\d+")


def about(subject: str, name: str, reason: str) -> str:
    """Return `<subject>: <reason>`, where the reason may already begin with `<name>:`.

    about("broker mq:1883", "mq:1883", "mq:1883: refused") is "broker mq:1883: refused".
    """
    return f"{subject}: {reason.removeprefix(f'{name}:').strip()}"


def wording(sentence: str) -> str:
    """Return a sentence without its numbers: running seconds or a noisy sensor are no news."""
    return _NUMBER.sub("", sentence)
