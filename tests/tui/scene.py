"""Screens whose text is kept in `golden/`; `python -m tests.tui.scene` writes them anew."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.status import RackStatus
from tests.tui.light_state import hand_lit_rack, lit_rack
from tests.tui.rack_server import RackServer
from tests.tui.rack_state import cage, rack, troubled_rack
from tests.tui.stage import screen_text, stage, until_settled

GOLDEN: Final = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Scene:
    """A rack, a terminal's size, and the keys that are pressed."""

    status: RackStatus
    size: tuple[int, int]
    keys: tuple[str, ...] = ()


def scenes() -> dict[str, Scene]:
    many = rack(tuple(cage(number) for number in range(1, 100)))
    return {
        "rack_80x24": Scene(rack(), (80, 24)),
        "rack_120x40": Scene(rack(), (120, 40)),
        "rack_200x60": Scene(rack(), (200, 60)),
        "troubled_80x24": Scene(troubled_rack(), (80, 24)),
        "troubled_100x40": Scene(troubled_rack(), (100, 40)),
        "troubled_120x40": Scene(troubled_rack(), (120, 40)),
        "troubled_200x60": Scene(troubled_rack(), (200, 60)),
        "one_cage_120x40": Scene(rack((cage(1),)), (120, 40)),
        "many_cages_80x24": Scene(many, (80, 24), ("end",)),
        "cage_80x24": Scene(troubled_rack(), (80, 24), ("down", "down", "enter")),
        "cage_120x40": Scene(rack(), (120, 40), ("right", "enter")),
        "alerts_80x24": Scene(troubled_rack(), (80, 24), ("a", "down")),
        "help_80x24": Scene(rack(), (80, 24), ("question_mark",)),
        "stop_80x24": Scene(rack(), (80, 24), ("down", "s")),
        "note_80x24": Scene(rack(), (80, 24), ("n",)),
        "light_80x24": Scene(lit_rack(), (80, 24), ("l",)),
        "light_fault_80x24": Scene(hand_lit_rack(), (80, 24), ("l", "right")),
        "light_120x40": Scene(hand_lit_rack(), (120, 40), ("l",)),
        "light_order_80x24": Scene(lit_rack(), (80, 24), ("l", "o")),
    }


async def picture_of(scene: Scene, folder: Path) -> str:
    """Return the text of a scene's screen."""
    socket = folder / "control.sock"
    with RackServer(socket, scene.status):
        async with stage(socket, scene.size) as pilot:
            await until_settled(pilot)
            for key in scene.keys:
                await pilot.press(key)
            await until_settled(pilot)
            return screen_text(pilot)


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, scene in scenes().items():
        with tempfile.TemporaryDirectory() as folder:
            text = asyncio.run(picture_of(scene, Path(folder)))
        (GOLDEN / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    main()
