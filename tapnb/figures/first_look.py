"""The first look at a movie as pictures, and as one HTML page that holds them all."""

from __future__ import annotations

import base64
import html
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, GREEN, ORANGE, VERMILLION, show, styled, window
from tapnb.movies import Movie
from tapnb.movies.quality import frame_name
from tapnb.studies.first_look import KINDS, FirstLook, chosen_in_words, events_table, example_events

CROP, PLACES = 64, 8
LITTLE = 10  # pixels of drift; cells that move alone add up to about 5 in a hundred frames

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: first look</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }}
figure {{ margin: 1.5rem 0; }} img {{ max-width: 100%; background: white; border-radius: 4px; }}
figcaption {{ font-size: .9rem; }} table {{ border-collapse: collapse; }}
td, th {{ text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8886; vertical-align: top; }}
li {{ margin: .3rem 0; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


@styled
def frames(movie: Movie) -> Figure:
    """First, middle and last frame at the levels that are used, labels outlined."""
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 0.5 + 3.1 * min(movie.shape[1] / movie.shape[2], 1.5)))
    for axes, t in zip(panels, _shown(movie)):
        show(axes, movie.frames[t], movie.levels[t], None if movie.masks is None else movie.masks[t])
        axes.set_title(frame_name(t, movie.times))
    return figure


def _shown(movie: Movie) -> tuple[int, int, int]:
    """First, middle and last frame."""
    return 0, len(movie.frames) // 2, len(movie.frames) - 1


@styled
def over_time(look: FirstLook) -> Figure:
    """Grey levels, change and drift over time; frames with a finding are marked."""
    table = look.over_time
    figure, panels = plt.subplots(3, 1, figsize=(8, 6.6), sharex=True)
    for column, colour in (("white", ORANGE), ("median", GREEN), ("black", BLUE)):
        panels[0].plot(table.index, table[column], color=colour, label=column)
    panels[0].set(ylabel="grey levels")
    panels[1].plot(table.index, table["change"], color=BLUE)
    panels[1].set(ylabel="change from the\nframe before")
    for column, colour in (("down", BLUE), ("right", VERMILLION)):
        panels[2].plot(table.index, table[column], color=colour, label=column)
    panels[2].set(ylabel="drift (pixels)", xlabel="frame")
    drift = table[["down", "right"]].to_numpy()
    panels[2].set_ylim(min(drift.min() * 1.1, -LITTLE), max(drift.max() * 1.1, LITTLE))  # else little looks like much
    for axes in panels:
        for t in table.index[table["note"] != ""]:
            axes.axvspan(t - 0.5, t + 0.5, color="0.85", zorder=0)
    for axes in panels[::2]:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def events(movie: Movie, look: FirstLook) -> Figure:
    """A few events in their frame, of a division the daughters' first, and in the one before."""
    chosen = example_events(movie, look.regions, PLACES)
    size = min(CROP, *movie.shape[1:])
    figure, panels = plt.subplots(2, len(chosen), figsize=(1.25 * len(chosen) + 0.4, 3.1), squeeze=False)
    for column, event in zip(panels.T, chosen.itertuples()):
        for axes, (t, y, x) in zip(column, _windows(movie, event, size)):
            pixels, mask = window(movie, t, y, x, size)
            show(axes, pixels, movie.levels[t], mask)
            axes.set_title(frame_name(t, movie.times).replace(" (", "\n("), fontsize=8)
        column[1].text(0.5, -0.12, event.kind, transform=column[1].transAxes, ha="center", fontsize=8)
    return figure


def _windows(movie: Movie, event, size: int) -> list[tuple[int, int, int]]:
    """Frame, first row and first column of the two crops of an event, which lies in their middle."""
    y = int(np.clip(event.y - size / 2, 0, movie.shape[1] - size))
    x = int(np.clip(event.x - size / 2, 0, movie.shape[2] - size))
    return [(event.t - 1, y, x), (event.t, y, x)]


def page(movie: Movie, look: FirstLook) -> str:
    """Everything on one page of HTML, pictures inside."""
    labelled, table = movie.masks is not None, events_table(movie, look.regions)
    facts = [("frames", f"{movie.shape[0]} of {movie.shape[1]} × {movie.shape[2]} pixels, {movie.frames.dtype}"),
             ("interval", f"{movie.minutes_per_frame:g} minutes" if movie.minutes_per_frame else "unknown"),
             ("pixel", f"{movie.um_per_pixel:g} µm" if movie.um_per_pixel else "unknown"),
             *([("numbers", look.numbers)] if look.numbers else []),
             *([("chosen", chosen_in_words(look))] if look.options else []),
             ("source", movie.source or "not given"), ("fingerprint", movie.fingerprint)]
    body = "<table>" + "".join(f"<tr><th>{k}<td>{html.escape(v)}" for k, v in facts) + "</table>"
    body += "<h2>What was found</h2>"
    if look.findings:
        body += "<ul>" + "".join(f"<li>{html.escape(_sentence(s))}" for s in look.findings) + "</ul>"
    body += ("" if movie.quality.sentences() else
             "<p>No frame repeats, is black or saturated, and no border was left unimaged.</p>")
    outlined = _outlined([movie.masks[t] for t in _shown(movie)] if labelled else [])
    body += "<h2>Frames</h2>" + picture(
        frames(movie), f"First, middle and last frame between the black and white levels that are used{outlined}.")
    body += picture(over_time(look), f"Levels, change from the frame before (normalised grey levels), and drift since "
                                     f"the first frame, over the frame number. {_in_numbers(look.over_time)}")
    body += "<h2>Labelled events</h2>"
    if labelled and len(table):
        how = "" if movie.events is not None else ": one is a region that touches none of its kind in the frame before"
        body += f"{_table(table)}<p>Events are counted in {html.escape(look.labels)}{how}.</p>{_examples(movie, look)}"
    else:
        body += "<p>None: the movie is fit for pretraining, and for recognising events once some are labelled.</p>"
    return PAGE.format(title=html.escape(movie.name), body=body)


def _examples(movie: Movie, look: FirstLook) -> str:
    """The picture of a few events and its caption, or nothing if none is a division or death."""
    chosen = example_events(movie, look.regions, PLACES)
    if not len(chosen):
        return ""
    size = min(CROP, *movie.shape[1:])
    masks = [] if movie.masks is None else [window(movie, *place, size)[1] for event in chosen.itertuples()
                                            for place in _windows(movie, event, size)]
    return picture(events(movie, look), "A few events: their frame below, of a division the first with daughters as "
                                        f"far as labels tell, and the frame before above{_outlined(masks)}.")


def _outlined(masks: list[np.ndarray]) -> str:
    """What of pictures is outlined, as a clause of their caption; empty if nothing is."""
    colours = [f"{kind}s {colour}" for (value, kind), colour in zip(KINDS.items(), ("blue", "orange"))
               if any((mask == value).any() for mask in masks)]
    return f"; labelled cells outlined, {', '.join(colours)}" if colours else ""


def _in_numbers(table: pd.DataFrame) -> str:
    """What the curves show, for those who do not see them, and how to read them."""
    first, last = table.iloc[0], table.iloc[-1]
    levels = [f"the {name} level goes from {first[name]:.4g} to {last[name]:.4g}" if abs(last[name]) < 1000 else
              f"the {name} level goes from {first[name]:.0f} to {last[name]:.0f}" for name in ("white", "black")]
    return (f"In grey levels, {' and '.join(levels)}. The last frame lies {abs(last['down']):.0f} px "
            f"{'below' if last['down'] >= 0 else 'above'} and {abs(last['right']):.0f} px to the "
            f"{'right' if last['right'] >= 0 else 'left'} of the first; cells that move make a few pixels of this, "
            f"without any drift.{' Frames with a finding are grey.' if (table['note'] != '').any() else ''}")


def picture(figure: Figure, caption: str) -> str:
    """A figure inside a page of HTML, its caption below and read to those who do not see it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", pad_inches=0.05)
    data = base64.b64encode(file.getvalue()).decode()
    text = html.escape(caption)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'


def _table(table: pd.DataFrame) -> str:
    return table.to_html(index=False, border=0, escape=True)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
