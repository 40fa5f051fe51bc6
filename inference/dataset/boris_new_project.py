"""A project of BORIS made from observations, as its version 7 writes one."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from inference.dataset.boris_observation import Observation

_Json: TypeAlias = Any


def new_project(
    name: str, date: str, observations: Iterable[Observation], states: Mapping[str, str]
) -> dict[str, _Json]:
    """Return the document of a new project; `states` are its behaviors and their keys.

    They exclude one another.
    """
    listed = list(observations)
    subjects = sorted({event.subject for each in listed for event in each.events} - {""})
    variables = dict.fromkeys(label for each in listed for label, _ in each.variables)
    return {
        "time_format": "hh:mm:ss",
        "project_date": date,
        "project_name": name,
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(number): {"key": "", "name": subject, "description": ""}
            for number, subject in enumerate(subjects)
        },
        "behaviors_conf": {
            str(number): {
                "type": "State event",
                "key": key,
                "code": code,
                "description": "",
                "category": "",
                "modifiers": "",
                "excluded": ",".join(other for other in states if other != code),
                "coding map": "",
            }
            for number, (code, key) in enumerate(states.items())
        },
        "observations": {each.name: _entry(each) for each in listed},
        "behavioral_categories": [],
        "independent_variables": {
            str(number): {
                "label": label,
                "description": "",
                "type": "text",
                "default value": "",
                "possible values": "",
            }
            for number, label in enumerate(variables)
        },
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }


def _entry(observation: Observation) -> dict[str, _Json]:
    players = sorted({media.player for media in observation.media} | {str(n) for n in range(1, 9)})
    return {
        "file": {
            player: [media.path for media in observation.media if media.player == player]
            for player in players
        },
        "type": "MEDIA",
        "date": observation.date.replace(" ", "T"),
        "description": observation.description,
        "time offset": observation.time_offset_s,
        "events": [
            [event.time_s, event.subject, event.behavior, "|".join(event.modifiers), event.comment]
            for event in observation.events
        ],
        "observation time interval": [0, 0],
        "independent_variables": dict(observation.variables),
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "media_info": {
            "length": {media.path: media.length_s for media in observation.media},
            "fps": {media.path: media.frames_per_second for media in observation.media},
            "hasVideo": {media.path: True for media in observation.media},
            "hasAudio": {media.path: False for media in observation.media},
            "offset": {media.player: 0.0 for media in observation.media},
        },
    }
