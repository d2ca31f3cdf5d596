"""A stretch of a movie as HTML that plays: frames, marks around labelled and found events, Grad-CAM over some."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from PIL import Image

from tapnb.figures.event_pictures import KIND_COLOURS, frame_picture, reduced_size, ring_radius
from tapnb.figures.event_report import encoded
from tapnb.movies import Movie

LONGEST, QUALITY = 480, 60  # pixels of a frame's longer side; of WebP
HEAT = (240, 228, 66)  # yellow of the palette by Okabe and Ito; how opaque it is says how much a place counts

HTML = """<figure class="tapnb-player" tabindex="-1" aria-label="{title}">
<div class="tapnb-screen">
<img class="tapnb-frame" src="data:image/webp;base64,{still}" width="{wide}" height="{high}"
alt="Frame {start} of the movie">
<img class="tapnb-heat" alt="" hidden>
<svg viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" role="img" aria-label="Marks around events">{marks}</svg>
</div>
<div class="tapnb-player-controls" hidden>
<div class="tapnb-player-line">
<button type="button" class="tapnb-play">Play</button>
<input type="range" min="0" max="{last}" value="{place}" step="1" aria-label="Frame">
<span class="tapnb-now"></span>
</div>
<fieldset><legend>Marks</legend>
<label><input type="checkbox" data-layer="labelled" checked> labelled events (circles)</label>
{found}
</fieldset>
{heat}
<p role="status"></p>
</div>
<figcaption>{caption}</figcaption>
<script type="application/json">{data}</script>
</figure>"""

FOUND = """<label><input type="checkbox" data-layer="found" checked> found events (squares)</label>
<label>{measure} at least <input type="range" class="tapnb-least" min="0" max="100" value="{value}" step="1">
<span class="tapnb-floor"></span></label>"""

HEATS = """<fieldset><legend>Grad-CAM, frames {first} to {last}</legend>
<label><input type="radio" name="{name}" value="" checked> none</label>
<label><input type="radio" name="{name}" value="grad_cam"> as the pair's first frame</label>
<label><input type="radio" name="{name}" value="second"> as its second</label>
</fieldset>"""


@dataclass(frozen=True, eq=False)
class Layers:
    """What is laid over the frames.

    Attributes
    ----------
    labelled : DataFrame
        ``t``, ``y``, ``x``, ``kind``.
    found : DataFrame or None
        The same, and ``value``; None where no detector has searched the movie.
    measure : str
        What ``value`` is.
    threshold : float
        Found events are shown from this ``value`` on, to begin with.
    pairs : range
        Earlier frames of the pairs with Grad-CAM.
    maps : dict of uint8 array, shape (len(pairs), h, w)
        "grad_cam" and "second", see :func:`tapnb.studies.movie_player.maps`.
    """

    labelled: pd.DataFrame
    found: pd.DataFrame | None
    measure: str
    threshold: float
    pairs: range
    maps: dict[str, np.ndarray]


def player(movie: Movie, frames: range, layers: Layers, name: str, caption: str) -> str:
    """The player as HTML; the book's script makes it play, without it the middle frame with its marks is there.

    Parameters
    ----------
    movie : Movie
    frames : range
        Consecutive frames that are played.
    layers : Layers
    name : str
        Tells this player's controls from those of others on the page.
    caption : str
        HTML.
    """
    size = reduced_size(movie, LONGEST)
    pictures = [encoded(frame_picture(movie, t, size), QUALITY) for t in frames]
    start = layers.pairs[len(layers.pairs) // 2] if layers.pairs else frames[len(frames) // 2]
    radius = ring_radius(max(movie.shape[1:]))
    events = [_event(event, "labelled") for event in _within(layers.labelled, frames)]
    if layers.found is not None:
        events += [_event(event, "found") for event in _within(layers.found, frames)]
    heat = {role: {t + (role == "second"): _heat(values[i]) for i, t in enumerate(layers.pairs)}
            for role, values in layers.maps.items()}
    data = {"first": frames.start, "frames": pictures, "events": events, "heat": heat, "radius": radius,
            "hours": movie.hours_per_frame, "colours": KIND_COLOURS,
            "measure": layers.measure}
    seen = [event for event in events if event["t"] == start and event.get("value", 1) >= layers.threshold]
    return HTML.format(
        title=f"Frames {frames.start} to {frames[-1]} of {escape(movie.name)}", still=pictures[start - frames.start],
        wide=size[1], high=size[0], columns=movie.shape[2], rows=movie.shape[1], start=start, last=len(frames) - 1,
        place=start - frames.start, marks="".join(_mark(event, radius) for event in seen), caption=caption,
        found="" if layers.found is None else FOUND.format(measure=layers.measure, value=round(100 * layers.threshold)),
        heat=HEATS.format(first=layers.pairs.start, last=layers.pairs.stop, name=f"{name}-heat") if heat else "",
        data=json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _within(events: pd.DataFrame, frames: range) -> list:
    """Rows of the events in these frames or beside them."""
    return list(events[events["t"].between(frames.start - 1, frames.stop)].itertuples())


def _event(event, layer: str) -> dict:
    plain = {"t": int(event.t), "y": round(float(event.y), 1), "x": round(float(event.x), 1), "kind": event.kind,
             "layer": layer}
    return plain | ({"value": round(float(event.value), 4)} if layer == "found" else {})


def _mark(event: dict, radius: float) -> str:
    """A circle around a labelled event, a square around a found one."""
    x, y, colour = event["x"] + 0.5, event["y"] + 0.5, KIND_COLOURS[event["kind"]]  # a pixel's middle
    if event["layer"] == "labelled":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" stroke="{colour}"/>'
    return (f'<rect x="{x - radius:.1f}" y="{y - radius:.1f}" width="{2 * radius:.1f}" height="{2 * radius:.1f}" '
            f'stroke="{colour}"/>')


def _heat(importance: np.ndarray) -> str:
    """A map as a picture of one colour, the more opaque the more a place counts."""
    pixels = np.empty((*importance.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = HEAT, importance
    return encoded(Image.fromarray(pixels, "RGBA"), QUALITY)
