"""The agreement of raters on the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from appliance.evaluation_table import percent
from appliance.terminal import output_width
from inference.evaluate.agreement import Agreement, PairAgreement
from inference.evaluate.bootstrap import Interval
from inference.evaluate.kappa import Kappa


def show_agreement(agreement: Agreement) -> None:
    """Print a table of all pairs, then of each pair's behaviors and groups."""
    console = Console(width=output_width(), highlight=False)
    console.print(_pairs(agreement))
    if agreement.together:
        both = agreement.together
        console.print(
            f"all raters: Fleiss' kappa {_number(both.fleiss_kappa)}{_range(both.fleiss_interval)},"
            f" Krippendorff's alpha {_number(both.alpha)}{_range(both.alpha_interval)}"
        )
    for pair in agreement.pairs:
        console.print(_behaviors(pair))
        _show_confusion(console, pair)
        if pair.groups:
            console.print(_groups(pair))
        _show_none(console, pair)
    for remark in agreement.remarks:
        console.print(remark, markup=False)


def _pairs(agreement: Agreement) -> Table:
    title = (
        f"{agreement.clips} clips of {agreement.animals} animals or videos, "
        f"{agreement.frames} frames; in brackets: 95 % over these"
    )
    table = Table("raters", title=title, title_justify="left")
    for column in ("frames", "frame agreement", "macro", "kappa", "bouts F1"):
        table.add_column(column, justify="right")
    for pair in agreement.pairs:
        table.add_row(
            _names(pair),
            str(pair.frames),
            f"{pair.frame_agreement:.1%}{_percents(pair.frame_interval)}",
            f"{pair.macro_agreement:.1%}{_percents(pair.macro_interval)}",
            f"{_kappa(pair.kappa)}{_range(pair.kappa.interval if pair.kappa else None)}",
            _number(pair.bouts.all.alike.f1),
        )
    return table


def _show_confusion(console: Console, pair: PairAgreement) -> None:
    """Print the matrix of figure 5C: shares of the first rater's frames; columns by number."""
    table = Table("", box=None, padding=(0, 1, 0, 0))
    for code in range(len(pair.behaviors)):
        table.add_column(str(code), justify="right", no_wrap=True)
    for code, (row, figures) in enumerate(zip(pair.confusion, pair.behaviors, strict=True)):
        cells = [percent(frames / figures.support if figures.support else None) for frames in row]
        table.add_row(escape(f"{code} {figures.behavior}"), *cells)
    console.print(
        f"frames of {pair.first} (row), by what {pair.second} calls them (column), %", markup=False
    )
    console.print(table)


def _behaviors(pair: PairAgreement) -> Table:
    table = Table("behavior", title=_names(pair), title_justify="left")
    raters = escape(pair.first), escape(pair.second)
    agreed = tuple(f"agreed, of {rater}'s" for rater in raters)
    for column in (*raters, *agreed, "kappa", "bouts", "alike", "boundary ms"):
        table.add_column(column, justify="right")
    bouts = {figures.behavior: figures for figures in pair.bouts.behaviors}
    for figures in pair.behaviors:
        of_bouts = bouts.get(figures.behavior)
        cells = [
            escape(figures.behavior),
            str(figures.support),
            str(figures.labelled),
            "" if figures.recall is None else f"{figures.recall:.1%}",
            "" if figures.precision is None else f"{figures.precision:.1%}",
            _kappa(pair.behavior_kappas[figures.behavior]),
        ]
        if of_bouts:
            cells += [
                f"{of_bouts.truth_bouts}, {of_bouts.label_bouts}",
                str(of_bouts.alike.found),
                _milliseconds(of_bouts.boundary_median_ms),
            ]
        table.add_row(*cells)
    return table


def _groups(pair: PairAgreement) -> Table:
    table = Table("group")
    for column in ("frames", "frame agreement", "macro"):
        table.add_column(column, justify="right")
    for group in pair.groups:
        table.add_row(
            escape(group.name),
            str(group.frames),
            f"{group.frame_accuracy:.1%}",
            f"{group.macro_accuracy:.1%}",
        )
    return table


def _show_none(console: Console, pair: PairAgreement) -> None:
    none = pair.none
    if none and none.frames:
        were = sorted(none.share_of_none.items(), key=lambda item: -item[1])
        console.print(
            f"none by {pair.second}: {none.frames} frames, {none.share:.1%}; they were "
            + ", ".join(f"{share:.1%} {name}" for name, share in were if share),
            markup=False,
        )
    if none and none.first_frames:
        console.print(f"none by {pair.first}: {none.first_frames} frames", markup=False)


def _names(pair: PairAgreement) -> str:
    return escape(f"{pair.first} - {pair.second}")


def _kappa(kappa: Kappa | None) -> str:
    return "" if kappa is None else f"{kappa.value:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval.low:.3f}..{interval.high:.3f})"


def _percents(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval.low:.1%}..{interval.high:.1%})"
