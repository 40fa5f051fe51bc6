"""The lines on which keys stand."""

import tomllib
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.config_place import Place, line_of, lines_of

DECOYS: Final = [
    "",
    "plain",
    "k1 = 2",
    "# no comment",
    "a ] } , b",
    "tab\tand 'quote'",
    'double " quote',
    "ends with two quotes''",
    'ends with two "" quotes ""',
    "back\\slash \\",
    "one\ntwo\n[k3]\nk4 = 5\n[[k5]]\n",
    "\n\nrack.name = 3",
    "ü 鼠 \x7f",
]
SCALARS: Final = ["1", "-0.5e3", "true", "inf", "07:30:00", "1979-05-27 07:32:00Z", "0xff"]


@dataclass
class Writer:
    """Writes TOML and notes independently where everything came to stand."""

    data: st.DataObject
    text: str = ""
    keys: int = 0
    lines: dict[Place, int] = field(default_factory=dict)

    def chance(self) -> bool:
        return self.data.draw(st.booleans())

    def put(self, text: str) -> None:
        self.text += text

    def note(self, place: Place) -> None:
        self.lines.setdefault(place, self.text.count("\n") + 1)

    def name(self) -> tuple[str, str]:
        """Return a new key and one of the ways to write it."""
        self.keys += 1
        bare = f"k{self.keys}"
        odd = f"{bare}. [x] = #\t"
        return self.data.draw(
            st.sampled_from(
                [
                    (bare, bare),
                    (bare, f'"{bare}"'),
                    (bare, f"'{bare}'"),
                    (odd, f'"{odd}"'),
                    (odd, f"'{odd}'"),
                    (f'{bare}"é', f'"{bare}\\"\\u00e9"'),
                ]
            )
        )

    def gap(self) -> None:
        """Something between statements or elements that means nothing."""
        self.put(self.data.draw(st.sampled_from(["\n", "\r\n", '\n  # k1 = [ { "\n', "\n\n\t\n"])))

    def string(self) -> None:
        content = self.data.draw(st.sampled_from(DECOYS))
        escaped = content.replace("\\", "\\\\").replace('"', '\\"').replace("\x7f", "\\u007f")
        written = ['"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"']
        written.append(f'"""\n{escaped}"""')
        written.append(f'"""{escaped} \\\n   """')
        written.append(f'"""{escaped}x"""""')
        if "'''" not in content and "\x7f" not in content:
            closing_quotes = "" if content.endswith("'") else "''"
            written.append(f"'''\n{content}{closing_quotes}'''")
            if "\n" not in content and "'" not in content:
                written.append(f"'{content}'")
        self.put(self.data.draw(st.sampled_from(written)))

    def value(self, place: Place, depth: int) -> None:
        kind = self.data.draw(st.sampled_from("ssnnat" if depth else "sn"))
        if kind == "s":
            self.string()
        elif kind == "n":
            self.put(self.data.draw(st.sampled_from(SCALARS)))
        elif kind == "a":
            self.array(place, depth)
        else:
            self.inline_table(place, depth)

    def array(self, place: Place, depth: int) -> None:
        self.put("[")
        for position in range(self.data.draw(st.integers(0, 3))):
            if self.chance():
                self.gap()
            self.note((*place, position))
            self.value((*place, position), depth - 1)
            if self.chance():
                self.gap()
            self.put(", ")
        if self.chance():
            self.gap()
        self.put("]")

    def inline_table(self, place: Place, depth: int) -> None:
        self.put("{ ")
        for position in range(self.data.draw(st.integers(0, 2))):
            self.put(", " if position else "")
            self.pair(place, depth - 1)
        self.put(" }")

    def pair(self, place: Place, depth: int) -> None:
        for more in (self.chance(), False):
            key, written = self.name()
            place += (key,)
            self.note(place)
            self.put(f"{written} . " if more else written)
            if not more:
                break
        self.put(self.data.draw(st.sampled_from([" = ", "=", "\t=  "])))
        self.value(place, depth)

    def body(self, place: Place) -> None:
        for _ in range(self.data.draw(st.integers(0, 3))):
            self.pair(place, 2)
            if self.chance():
                self.put("  # k1 = ']")
            self.gap()

    def header(self, written: str, places: list[Place], *, is_array: bool) -> None:
        for place in places:
            self.note(place)
        self.put(f"[[ {written}]]" if is_array else f"[{written} ]")
        self.gap()
        self.body(places[-1])

    def section(self) -> None:
        key, written = self.name()
        if not self.chance():
            inner, inner_written = self.name()
            self.header(f"{written}.{inner_written}", [(key,), (key, inner)], is_array=False)
            if self.chance():
                self.header(written, [(key,)], is_array=False)
            return
        for position in range(self.data.draw(st.integers(1, 3))):
            self.header(written, [(key,), (key, position)], is_array=True)
            if self.chance():
                inner, inner_written = self.name()
                self.header(
                    f"{written} . {inner_written}", [(key, position, inner)], is_array=False
                )
            if self.chance():
                inner, inner_written = self.name()
                place: Place = (key, position, inner)
                for element in range(2):
                    self.header(
                        f"{written}.{inner_written}", [place, (*place, element)], is_array=True
                    )


def places_in(value: object, place: Place = ()) -> set[Place]:
    """Return every key and position of a document."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = {place} if place else set()
    return found.union(*(places_in(part, (*place, key)) for key, part in inner))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_key_of_any_document_is_found_on_its_line(data: st.DataObject) -> None:
    writer = Writer(data)
    writer.body(())
    for _ in range(data.draw(st.integers(0, 3))):
        writer.section()
    document = tomllib.loads(writer.text)
    assert set(writer.lines) == places_in(document)
    assert lines_of(writer.text) == writer.lines


TEXT: Final = """\
# a comment
[rack]
name = "one"

[[cage]]
number = 1
camera = { driver = "simulated", seed = 3 }

[[cage]]
number = 2
[cage.camera]
driver = "replay"
[[cage.camera.faults]]
kind = "stall"
[[cage.camera.faults]]
kind = "black"

[alerts]
disk_hours = [
    72.0,  # three days
    24.0,
]
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("rack",), 2),
        (("rack", "name"), 3),
        (("rack", "data"), 2),
        (("cage",), 5),
        (("cage", 0), 5),
        (("cage", 0, "camera", "seed"), 7),
        (("cage", 1, "number"), 10),
        (("cage", 1, "animal"), 9),
        (("cage", 1, "camera", "file"), 11),
        (("cage", 1, "camera", "faults", 1, "kind"), 16),
        (("alerts", "disk_hours"), 19),
        (("alerts", "disk_hours", 1), 21),
        (("mqtt", "host"), None),
        ((), None),
    ],
)
def test_a_place_has_its_line_or_that_of_the_table_around_it(
    place: Place, line: int | None
) -> None:
    assert line_of(TEXT, place) == line
