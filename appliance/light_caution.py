"""What a person should confirm before light is given."""

from appliance.light_text import length_text, zt_text
from capture_hw.light_plan import LightPlan
from capture_hw.photoperiod import SECOND_NS


def darkness_question(
    plan: LightPlan, panel: str, white_percent: int, minutes: float, utc_ns: int
) -> str | None:
    """Return a question if white light would fall into the dark phase; None if it would not."""
    if not white_percent:
        return None
    until_ns = utc_ns + round(minutes * 60 * SECOND_NS)
    dark = [part for part in plan.parts(utc_ns, until_ns) if part.phase == "dark"]
    if not dark:
        return None
    order = f"white light {white_percent} % for {length_text(minutes * 60)}"
    zt = zt_text(plan.zt_h(dark[0].from_ns))
    if dark[0].from_ns == utc_ns:
        return f"panel {panel}: it is the dark phase, {zt}. Give {order} all the same?"
    lasts_s = sum(part.until_ns - part.from_ns for part in dark) // SECOND_NS
    return (
        f"panel {panel}: {length_text(lasts_s)} of it lie in the dark phase, from {zt}. "
        f"Give {order} all the same?"
    )
