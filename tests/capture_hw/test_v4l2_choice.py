"""What a configuration means on a device, without a device."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.choice import (
    choose_input,
    choose_picture,
    choose_standard,
    input_doubt,
    size_text,
    standard_of,
)
from capture_hw.v4l2.number import Standard, fourcc
from capture_hw.v4l2.offer import (
    FormatOffer,
    InputOffer,
    RateRange,
    SizeOffer,
    Span,
    StandardOffer,
)

INPUTS = (
    InputOffer(0, "Composite", "camera", True, ()),
    InputOffer(1, "S-Video", "camera", True, ("no signal",)),
)
PAL = StandardOffer(0xFF, "PAL", Fraction(25), 625)
NTSC = StandardOffer(0xB000, "NTSC", Fraction(30000, 1001), 525)


def config(**more: object) -> V4l2CameraConfig:
    return V4l2CameraConfig(driver="v4l2", device="PCI:0000:03:00.0", **more)  # type: ignore[arg-type]


def size(width: int, height: int, *fps: int) -> SizeOffer:
    rates = tuple(RateRange(Fraction(it), Fraction(it)) for it in fps)
    return SizeOffer(Span(width, width, 1), Span(height, height, 1), rates)


def offer(name: str, *sizes: SizeOffer, is_emulated: bool = False) -> FormatOffer:
    return FormatOffer(name, fourcc(name[:4]), name, is_emulated, sizes)


PAL_SIZES = (size(352, 288, 25), size(704, 576, 25), size(720, 576, 25))
CARD = tuple(offer(name, *PAL_SIZES) for name in ("YUYV", "MJPEG", "NV12", "GREY", "H264"))


def chosen(formats: tuple[FormatOffer, ...], **more: object) -> tuple[str, int, int, Fraction]:
    choice = choose_picture(config(**more), formats)
    return choice.format.name, choice.width, choice.height, choice.fps


def refusal(formats: tuple[FormatOffer, ...], **more: object) -> str:
    with pytest.raises(DeviceLost) as caught:
        choose_picture(config(**more), formats)
    return str(caught.value)


@pytest.mark.parametrize(
    ("offered", "best"),
    [
        (("YUYV", "MJPEG", "NV12", "GREY", "H264"), "H264"),
        (("YUYV", "MJPEG", "NV12", "GREY"), "GREY"),
        (("YUYV", "MJPEG", "NV12"), "NV12"),
        (("MJPEG", "YUYV"), "YUYV"),
        (("MJPEG", "BGR3"), "MJPEG"),
    ],
)
def test_auto_takes_the_format_that_costs_least(offered: tuple[str, ...], best: str) -> None:
    formats = tuple(offer(name, *PAL_SIZES) for name in offered)
    assert chosen(formats) == (best, 704, 576, Fraction(25))


def test_auto_takes_limited_range_of_an_analog_input() -> None:
    """Gray pictures without a word on their range are taken for full range."""
    formats = tuple(offer(name, *PAL_SIZES) for name in ("YUYV", "GREY", "NV12"))
    assert choose_picture(config(), formats, PAL.fps).format.name == "NV12"
    assert choose_picture(config(), formats[:2], PAL.fps).format.name == "GREY"
    assert choose_picture(config(), CARD, PAL.fps).format.name == "H264"
    assert choose_picture(config(), formats).format.name == "GREY"


def test_an_input_that_nobody_chose_is_doubted() -> None:
    assert input_doubt(config(), INPUTS, 1) == (
        'input is not configured and there are 2; 1 "S-Video" is recorded, and perhaps another one'
        " after a restart"
    )
    assert input_doubt(config(input=0), INPUTS, 1) is None
    assert input_doubt(config(), INPUTS[:1], 0) is None
    assert input_doubt(config(), (), None) is None


def test_auto_does_not_take_what_software_makes() -> None:
    formats = (offer("H264", *PAL_SIZES, is_emulated=True), offer("YUYV", *PAL_SIZES))
    assert chosen(formats)[0] == "YUYV"


def test_auto_prefers_a_fast_enough_format_to_a_cheap_one() -> None:
    """USB 2 carries raw pictures of this size at 10 frames/s only."""
    formats = (offer("YUYV", size(720, 576, 10)), offer("MJPEG", size(720, 576, 25, 30)))
    assert chosen(formats) == ("MJPEG", 720, 576, Fraction(25))


def test_auto_prefers_a_smaller_size_that_is_fast_enough() -> None:
    formats = (offer("YUYV", size(704, 576, 10), size(640, 480, 30)),)
    assert chosen(formats) == ("YUYV", 640, 480, Fraction(30))


def test_auto_does_not_take_a_much_larger_picture_for_a_cheap_format() -> None:
    formats = (offer("H264", size(1920, 1080, 25)), offer("YUYV", size(640, 480, 25)))
    assert chosen(formats) == ("YUYV", 640, 480, Fraction(25))
    assert chosen(formats[:1]) == ("H264", 1920, 1080, Fraction(25))


def test_the_nearest_rate_that_is_fast_enough_is_taken() -> None:
    formats = (offer("GREY", size(704, 576, 5, 15, 24, 30, 60)),)
    assert chosen(formats)[3] == 30
    assert chosen(formats, fps=50.0)[3] == 60
    assert chosen(formats, fps=100.0)[3] == 60
    ranged = (
        SizeOffer(Span(704, 704, 1), Span(576, 576, 1), (RateRange(Fraction(1), Fraction(60)),)),
    )
    assert chosen((offer("GREY", *ranged),), fps=12.5)[3] == Fraction(25, 2)


def test_the_ntsc_rate_is_near_enough_to_thirty() -> None:
    rate = RateRange(Fraction(30000, 1001), Fraction(30000, 1001))
    ntsc = SizeOffer(Span(720, 720, 1), Span(480, 480, 1), (rate,))
    formats = (offer("YUYV", ntsc, size(160, 120, 30)),)
    assert chosen(formats, fps=30.0) == ("YUYV", 720, 480, Fraction(30000, 1001))


def test_without_listed_rates_the_standards_holds() -> None:
    formats = (offer("YUYV", size(720, 576)),)
    assert choose_picture(config(fps=30.0), formats, PAL.fps).fps == 25
    assert choose_picture(config(fps=30.0), formats).fps == 30


def test_a_device_that_lists_no_sizes_is_asked_for_the_wanted_one() -> None:
    assert chosen((offer("YUYV"),)) == ("YUYV", 704, 576, Fraction(25))
    assert chosen((offer("YUYV"),), width=640, height=480) == ("YUYV", 640, 480, Fraction(25))


def test_what_is_configured_is_kept_to_the_letter() -> None:
    assert chosen(CARD, pixel_format="MJPEG", width=352)[:3] == ("MJPEG", 352, 288)
    assert chosen(CARD, width=720, height=576)[:3] == ("H264", 720, 576)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"pixel_format": "NV12"}, "has no format NV12; it offers YUYV, BGR3"),
        ({"width": 700}, "has no size 700xany; it offers YUYV 704x576, YUYV 720x576"),
        (
            {"width": 704, "height": 480},
            "has no size 704x480; it offers YUYV 704x576, YUYV 720x576",
        ),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(
    wanted: dict[str, object], sentence: str
) -> None:
    formats = (offer("YUYV", size(704, 576, 25), size(720, 576, 25)), offer("BGR3"))
    assert refusal(formats, **wanted) == f"PCI:0000:03:00.0 node 0: {sentence}"


def test_formats_that_nobody_reads_are_refused() -> None:
    assert refusal((offer("BGR3"), offer("BA81"))) == (
        "PCI:0000:03:00.0 node 0: has no format H264 or GREY or NV12 or YUYV or MJPEG;"
        " it offers BGR3, BA81"
    )
    assert refusal(()).endswith("it offers nothing")


def test_an_input_is_chosen_by_number_or_name() -> None:
    assert choose_input(config(input=1), INPUTS, 0) == 1
    assert choose_input(config(input="S-Video"), INPUTS, 0) == 1
    assert choose_input(config(), INPUTS, 1) == 1
    assert choose_input(config(), (), None) is None


@pytest.mark.parametrize(("wanted", "named"), [(2, "2"), ("HDMI", '"HDMI"')])
def test_an_input_that_is_not_there_is_refused(wanted: int | str, named: str) -> None:
    with pytest.raises(DeviceLost) as caught:
        choose_input(config(input=wanted), INPUTS, 0)
    assert str(caught.value) == (
        f'PCI:0000:03:00.0 node 0: has no input {named}; it offers 0 "Composite", 1 "S-Video"'
    )


def test_a_standard_is_narrowed_to_the_variants_that_are_meant() -> None:
    everything = StandardOffer(0xFFFFFF, "all", Fraction(25), 625)
    assert choose_standard(config(standard="PAL"), (NTSC, PAL)) == PAL
    assert choose_standard(config(standard="NTSC"), (NTSC, PAL)) == NTSC
    narrowed = choose_standard(config(standard="SECAM"), (everything,))
    assert narrowed is not None
    assert narrowed.id == Standard.SECAM
    assert choose_standard(config(), (PAL,)) is None
    assert standard_of(Standard.PAL & 1, (NTSC, PAL)) == PAL
    assert standard_of(0, (NTSC, PAL)) is None


def test_a_standard_that_the_input_has_not_is_refused() -> None:
    with pytest.raises(DeviceLost, match="has no standard SECAM; it offers PAL, NTSC"):
        choose_standard(config(standard="SECAM"), (PAL, NTSC))
    with pytest.raises(DeviceLost, match="has no standard PAL; it offers nothing"):
        choose_standard(config(standard="PAL"), ())


def test_a_range_of_sizes_reads_as_one() -> None:
    assert size_text(SizeOffer(Span(16, 2048, 8), Span(16, 1536, 8), ())) == "16x16 to 2048x1536"
    assert size_text(size(704, 576)) == "704x576"


spans = st.builds(
    lambda least, steps, step: Span(least, least + steps * step, step),
    st.integers(16, 2000),
    st.integers(0, 200),
    st.integers(1, 64),
)


@given(spans, st.integers(0, 10_000))
def test_the_nearest_value_of_a_span_is_in_it_and_none_is_nearer(span: Span, wanted: int) -> None:
    values = range(span.least, span.most + 1, span.step)
    nearest = span.nearest(wanted)
    assert nearest in values
    assert abs(nearest - wanted) == min(abs(value - wanted) for value in values)


rates = st.lists(
    st.fractions(1, 240, max_denominator=1001).map(lambda fps: RateRange(fps, fps)), max_size=4
).map(tuple)
offers = st.lists(
    st.builds(
        lambda name, sizes: offer(name, *sizes),
        st.sampled_from(["H264", "GREY", "NV12", "YUYV", "MJPEG", "BGR3"]),
        st.lists(st.builds(SizeOffer, spans, spans, rates), max_size=3),
    ),
    max_size=4,
).map(tuple)


@given(offers, st.sampled_from(["auto", "GREY", "H264"]), st.floats(1, 240))
def test_a_choice_is_always_something_that_was_offered(
    formats: tuple[FormatOffer, ...], pixel_format: str, fps: float
) -> None:
    readable = {"H264", "GREY", "NV12", "YUYV", "MJPEG"}
    allowed = readable if pixel_format == "auto" else {pixel_format}
    wanted = config(pixel_format=pixel_format, fps=fps)
    if not any(it.name in allowed for it in formats):
        with pytest.raises(DeviceLost):
            choose_picture(wanted, formats)
        return
    choice = choose_picture(wanted, formats)
    assert choice.format in formats
    assert choice.format.name in allowed
    fitting = [
        it
        for it in choice.format.sizes
        if it.widths.nearest(choice.width) == choice.width
        and it.heights.nearest(choice.height) == choice.height
    ]
    assert fitting or not choice.format.sizes
    listed = [rate.slowest for it in fitting for rate in it.rates]
    assert choice.fps in listed or not all(it.rates for it in fitting) or not fitting


@given(offers, st.floats(1, 240))
def test_the_order_in_which_a_driver_lists_its_formats_does_not_matter(
    formats: tuple[FormatOffer, ...], fps: float
) -> None:
    wanted = config(fps=fps)
    if not any(it.name != "BGR3" for it in formats):
        return
    one, other = choose_picture(wanted, formats), choose_picture(wanted, formats[::-1])
    assert one.format.name == other.format.name
    assert abs(one.fps - Fraction(fps).limit_denominator(1001)) == abs(
        other.fps - Fraction(fps).limit_denominator(1001)
    )
