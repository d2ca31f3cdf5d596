"""The events of a movie as one page of HTML: the answer, the movie with its events, and how far to trust them."""

from __future__ import annotations

import base64
import html
import io
import json
from importlib.resources import files
from string import Template

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from tapnb.figures.event_pictures import KIND_COLOURS, crop_pair, frame_picture, reduced_size, ring_radius
from tapnb.figures.first_look import picture
from tapnb.figures.style import BLUE, ORANGE, PURPLE, styled
from tapnb.movies import Movie

LONGEST, BUDGET, SMALLEST = 700, 10e6, 240  # pixels of the longer side; bytes of all frames; pixels, if they are many
EXAMPLES, CROP = 12, 64
PLOTTED = {"division": BLUE, "death": ORANGE, "candidate": PURPLE}  # on white, darker than on pictures
SCORES = {"precision": "share of what is called an event that is one", "recall": "share of the events that are found",
          "f1": "harmonic mean of the two", "average precision": "precision over all thresholds"}


def report(movie: Movie, events: pd.DataFrame, about: dict[str, str], quality: dict | None = None) -> str:
    """The events of a movie as one page that needs nothing else, neither a network nor other files.

    Parameters
    ----------
    movie : Movie
    events : pandas.DataFrame
        One row per event, the highest score first: ``t`` (frame), ``y``, ``x`` (pixels), ``kind`` ("division", "death"
        or "candidate"), ``score``, ``probability`` (NaN if unknown).
    about : dict of str to str
        The record of the list, shown as it is: movie, fingerprint, detector, commit, version, command, time.
    quality : dict, optional
        How good the detector is on labelled events that it was not trained on: ``"events held back"`` (their number),
        and ``"precision"``, ``"recall"``, ``"f1"`` and ``"average precision"``, each (value, low, high): between 0
        and 1, with the ends of its 95% interval; recall alone where not every event is labelled. None if no labels were
        held back.

    Returns
    -------
    str
        HTML. Long movies are shown smaller, so that their frames stay near 14 MB.
    """
    events = events.reset_index(drop=True)
    measure = "probability" if len(events) and events["probability"].notna().all() else "score"
    kinds = [kind for kind in KIND_COLOURS if (events["kind"] == kind).any()]
    pictures, (high, wide) = _frames(movie)
    shown = LONGEST / max(high, wide)
    values = events[measure].astype(float)
    data = {
        "type": "data:image/webp;base64,", "frames": pictures, "colours": KIND_COLOURS,
        "hours": movie.hours_per_frame,
        "radius": ring_radius(max(movie.shape[1:])),
        "low": 0.0 if measure == "probability" else float(values.min() if len(values) else 0),
        "high": 1.0 if measure == "probability" else float(values.max() if len(values) else 1),
        "events": [{"t": int(event.t), "y": round(float(event.y), 2), "x": round(float(event.x), 2),
                    "kind": event.kind, "value": float(value)} for event, value in zip(events.itertuples(), values)]}
    page = Template(files("tapnb.figures").joinpath("event_report.html").read_text("utf-8"))
    return page.substitute(
        name=html.escape(movie.name), answer=html.escape(answer(events, movie)), trust=html.escape(_trust(quality)),
        wide=wide, high=high, screen=round(wide * shown), rows=movie.shape[1], columns=movie.shape[2],
        last=len(movie.frames) - 1, start=int(events["t"].iloc[0]) if len(events) else 0,  # that of the surest event
        kinds=_boxes(events, kinds), measure=measure, quality=_quality(quality), rate=_rate(events, movie, kinds),
        sheets=_sheets(movie, events, measure), table=_table(events, movie),
        about="".join(f"<tr><th>{html.escape(key)}</th><td>{html.escape(str(text))}</td></tr>"
                      for key, text in about.items()),
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),  # no text may end the script
        script="\n".join(files("tapnb.figures").joinpath(name).read_text("utf-8")
                         for name in ("movie_player.js", "event_report.js")))


def answer(events: pd.DataFrame, movie: Movie) -> str:
    """What was found, in one sentence."""
    count = len(movie.frames)
    span = f"{count} frames" + (f" ({(count - 1) * movie.hours_per_frame:.1f} hours)" if movie.hours_per_frame else "")
    numbers = [(int((events["kind"] == kind).sum()), kind) for kind in KIND_COLOURS]
    named = [f"{number} {kind}{'' if number == 1 else 's'}" for number, kind in numbers if number]
    if not named:
        return f"No event was found in {span}."
    rest = ": places to look at first, not yet events" if len(named) == 1 and numbers[-1][0] else ""
    return f"{' and '.join(named)} {'was' if len(events) == 1 else 'were'} found in {span}{rest}."


@styled
def event_rate(events: pd.DataFrame, movie: Movie) -> Figure:
    """Events per hour, or per frame if the interval is unknown, one panel a kind: bars as counted, a line smoothed."""
    count = len(movie.frames)
    hours = movie.hours_per_frame
    kinds = [kind for kind in PLOTTED if (events["kind"] == kind).any()]
    figure, panels = plt.subplots(len(kinds), 1, figsize=(8, 0.5 + 1.6 * len(kinds)), sharex=True, squeeze=False)
    for axes, kind in zip(panels[:, 0], kinds):
        rate = np.bincount(events["t"][events["kind"] == kind], minlength=count)[:count] / (hours or 1)
        x = np.arange(count) * (hours or 1)
        axes.bar(x, rate, width=0.8 * (hours or 1), color=PLOTTED[kind], alpha=0.35)
        axes.plot(x, gaussian_filter1d(rate.astype(float), max(1.0, count / 30), mode="nearest"), color=PLOTTED[kind])
        axes.set(ylabel=f"{kind}s per {'hour' if hours else 'frame'}", ylim=(0, None))
    panels[-1, 0].set(xlabel="hours" if hours else "frame")
    return figure


def _frames(movie: Movie) -> tuple[list[str], tuple[int, int]]:
    """Every frame as WebP in base64, and their height and width."""
    longest, count = LONGEST, len(movie.frames)
    sample = np.unique(np.linspace(0, count - 1, 5).astype(int))
    total = np.mean([len(_webp(frame_picture(movie, t, reduced_size(movie, longest)))) for t in sample]) * count
    if total > BUDGET:
        longest = max(SMALLEST, int(min(longest, max(movie.shape[1:])) * np.sqrt(BUDGET / total)))
    size = reduced_size(movie, longest)
    return [encoded(frame_picture(movie, t, size)) for t in range(count)], size


def _webp(image: Image.Image, quality: int = 75) -> bytes:
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=quality)
    return file.getvalue()


def encoded(image: Image.Image, quality: int = 75) -> str:
    """A picture as WebP in base64."""
    return base64.b64encode(_webp(image, quality)).decode()


def _trust(quality: dict | None) -> str:
    if quality is None:
        return "No labels were held back, so nothing is known of how good these are."
    found = f"Of {quality['events held back']} labelled events held back, {quality['recall'][0]:.0%} were found. "
    if "precision" not in quality:
        return found + "Not every event is labelled, so how many of the others are events is not known."
    if not quality["recall"][0]:
        return found + "Nothing that was called an event there was one."
    return found + f"Of what was called an event there, {quality['precision'][0]:.0%} was one."


def _quality(quality: dict | None) -> str:
    if quality is None:
        return (f"<p>{_trust(None)} Look at the examples below, or label some events of a part that is not used for "
                "training.</p>")
    rows = ""
    for name, meaning in SCORES.items():
        if name in quality:
            value, low, high = quality[name]
            label = "F1" if name == "f1" else name
            rows += (f'<tr><th scope="row">{label}<br><small>{meaning}</small></th><td class="number">{value:.2f}'
                     f'</td><td class="number">{low:.2f} to {high:.2f}</td></tr>')
    return (f"<p>Measured on the {quality['events held back']} labelled events of the movie's last fifth. The detector did not learn from "
            "them. But they chose when to stop, and the threshold unless you gave one; so this may flatter it.</p>"
            f'<table class="quality"><thead><tr><th>score</th><th class="number">value</th>'
            f'<th class="number">95% interval</th></tr></thead><tbody>{rows}</tbody></table>')


def _boxes(events: pd.DataFrame, kinds: list[str]) -> str:
    """A tick box for every kind that there is."""
    return "\n".join(
        f'<label><input type="checkbox" checked data-kind="{kind}"><span class="dot" style="background:'
        f'{KIND_COLOURS[kind]}"></span>{kind}s ({(events["kind"] == kind).sum()})</label>' for kind in kinds)


def _rate(events: pd.DataFrame, movie: Movie, kinds: list[str]) -> str:
    if events.empty:
        return "<p>There is none.</p>"
    if movie.hours_per_frame:
        hours = len(movie.frames) * movie.hours_per_frame
        means = [f"{(events['kind'] == kind).sum() / hours:.2g} {kind}s per hour" for kind in kinds]
    else:
        means = [f"{(events['kind'] == kind).sum() / len(movie.frames):.2g} {kind}s per frame" for kind in kinds]
    return picture(event_rate(events, movie), f"On average {' and '.join(means)}. Bars: each frame; line: smoothed.")


def _sheets(movie: Movie, events: pd.DataFrame, measure: str) -> str:
    """The surest events, and the most doubtful of the others."""
    order = events.sort_values(measure, ascending=False, kind="stable")
    surest, others = order[:EXAMPLES], order[EXAMPLES:]
    if measure == "probability":
        best, rest, why = "surest", "most doubtful", "Their probability is nearest to 0.5."
        doubtful = others.loc[(others[measure] - 0.5).abs().sort_values(kind="stable").index[:EXAMPLES]]
    else:
        best, rest, why = "with the highest score", "with the lowest score", "The last ones that are still on the list."
        doubtful = others[::-1][:EXAMPLES]
    text = ""
    for title, said, chosen in ((best, "Left the frame before, right the event's own frame.", surest),
                                (rest, why, doubtful)):
        if len(chosen):
            number = f"The {len(chosen)} {title}" if len(chosen) > 1 else f"The {title}"
            pairs = "".join(_pair(movie, event, measure) for event in chosen.itertuples())
            text += (f'<h2>{number}</h2>\n<p class="small">{said} A click shows the place in the movie.</p>\n'
                     f'<div class="pairs">{pairs}</div>\n')
    return text


def _pair(movie: Movie, event, measure: str) -> str:
    score = f" (score {event.score:.2f})" if measure == "probability" else ""
    said = f"{event.kind} {getattr(event, measure):.2f}{score}, frame&nbsp;{event.t}"
    image = encoded(crop_pair(movie, event, CROP), 90)
    return (f'<a href="#movie" data-t="{event.t}"><img width="{2 * CROP + 2}" height="{CROP}" '
            f'alt="Frames {event.t - 1} and {event.t} at y {event.y:.0f}, x {event.x:.0f}" '
            f'src="data:image/webp;base64,{image}">'
            f'<span class="dot" style="background:{KIND_COLOURS[event.kind]}"></span> {said}</a>')


def _table(events: pd.DataFrame, movie: Movie) -> str:
    """All events; a heading sorts, and the number of a frame shows it."""
    numbers = ["frame", *(["hours"] if movie.hours_per_frame else []), "y", "x"]
    scores = ["score", *(["probability"] if events["probability"].notna().any() else [])]
    heads = [*((name, "number") for name in numbers), ("kind", "text"), *((name, "number") for name in scores)]
    text = "<table><thead><tr>" + "".join(
        f'<th class="{kind}" scope="col"><button type="button">{name}</button></th>' for name, kind in heads)
    text += "</tr></thead><tbody>"
    for index, event in enumerate(events.itertuples()):
        cells = [f'<a href="#movie" data-t="{event.t}">{event.t}</a>']
        cells += [f"{event.t * movie.hours_per_frame:.2f}"] if movie.hours_per_frame else []
        cells += [f"{event.y:.1f}", f"{event.x:.1f}"]
        last = [f"{value:.3f}" if np.isfinite(value) else "" for value in (getattr(event, name) for name in scores)]
        text += (f'\n<tr data-event="{index}">' + "".join(f'<td class="number">{cell}</td>' for cell in cells)
                 + f'<td><span class="dot" style="background:{KIND_COLOURS[event.kind]}"></span> {event.kind}</td>'
                 + "".join(f'<td class="number">{cell}</td>' for cell in last) + "</tr>")
    return text + "</tbody></table>"
