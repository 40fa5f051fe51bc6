"""Putting subject and reason together, once."""


def about(subject: str, name: str, reason: str) -> str:
    """Return `<subject>: <reason>`, where the reason may already begin with `<name>:`.

    about("broker mq:1883", "mq:1883", "mq:1883: refused") is "broker mq:1883: refused".
    """
    return f"{subject}: {reason.removeprefix(f'{name}:').strip()}"
