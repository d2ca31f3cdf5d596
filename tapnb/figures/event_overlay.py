"""A movie with its events circled, as a film that any player shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from tapnb.figures.event_pictures import KIND_COLOURS, frame_picture, reduced_size, ring_radius
from tapnb.movies import Movie
from tapnb.system.files import replacing

LONGEST, SHORTEST = 1024, 512  # pixels of the longer side: what is larger is reduced, what is smaller is enlarged
QUALITY = {"mp4": ["-crf", "20", "-preset", "fast"], "webp": 80}


def write_overlay(path_without_suffix, movie: Movie, events: pd.DataFrame, seconds_per_frame: float = 0.25) -> Path:
    """Write a film of a movie at its levels, with its events circled in their frame and, thinner, in the two beside it.

    Parameters
    ----------
    path_without_suffix : str or pathlib.Path
        ``.mp4`` is added, or ``.webp`` where imageio-ffmpeg is not installed; the film of an earlier run is replaced.
    movie : Movie
    events : pandas.DataFrame
        One row per event: ``t``, ``y``, ``x``, ``kind``.
    seconds_per_frame : float
        How long a frame is shown.

    Returns
    -------
    pathlib.Path
        What was written: H.264 in MP4, or an animated WebP. Only one frame of it is in memory at a time.
    """
    base = Path(path_without_suffix).expanduser()
    height, width = reduced_size(movie, LONGEST)
    larger = max(1, SHORTEST // max(height, width))
    size = height * larger, width * larger
    groups = dict(tuple(events.groupby("t")))

    def draw(t: int) -> Image.Image:
        film = Image.new("RGB", (size[1] + size[1] % 2, size[0] + size[0] % 2))  # H.264 wants even sides
        film.paste(frame_picture(movie, t, size))
        pen = ImageDraw.Draw(film)
        for beside in (-1, 1, 0):
            for event in groups.get(t + beside, events.iloc[:0]).itertuples():
                _circle(pen, event, size[0] / movie.shape[1], size[1] / movie.shape[2], 2 if beside else 4, max(size))
        _caption(pen, movie, t, events["kind"])
        return film

    write, suffix, other = (_write_mp4, ".mp4", ".webp") if _has_ffmpeg() else (_write_webp, ".webp", ".mp4")
    path = base.with_name(base.name + suffix)
    with replacing(path) as temporary:
        write(temporary, draw, len(movie.frames), seconds_per_frame)
    base.with_name(base.name + other).unlink(missing_ok=True)  # of an earlier run, with other events
    return path


def _has_ffmpeg() -> bool:
    """Say whether there is an encoder of H.264; the book brings one, who only counts events may lack it."""
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):  # no such package; one without a program for this system
        return False
    return True


def _circle(pen: ImageDraw.ImageDraw, event, scale_y: float, scale_x: float, line: int, longer: int) -> None:
    """A ring around an event; (y + 0.5) is the middle of pixel y in the enlarged or reduced frame."""
    y, x, radius = (event.y + 0.5) * scale_y, (event.x + 0.5) * scale_x, ring_radius(longer)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=KIND_COLOURS[event.kind], width=line)


def _caption(pen: ImageDraw.ImageDraw, movie: Movie, t: int, kinds: pd.Series) -> None:
    """The frame's number, its time, and what the colours mean, in the upper left corner."""
    font = ImageFont.load_default(size=15)
    time = f", {t * movie.hours_per_frame:.1f} h" if movie.hours_per_frame else ""
    x = 6.0
    for text, colour in [(f"frame {t}{time}", "white"), *((kind, c) for kind, c in KIND_COLOURS.items()
                                                          if (kinds == kind).any())]:
        pen.text((x, 4), text, fill=colour, font=font, stroke_width=2, stroke_fill="black")
        x += pen.textlength(text, font=font) + 14


def _write_mp4(path: Path, draw: Callable[[int], Image.Image], count: int, seconds: float) -> None:
    import imageio_ffmpeg

    writer = imageio_ffmpeg.write_frames(
        str(path), draw(0).size, fps=1 / seconds, codec="libx264", pix_fmt_in="rgb24", pix_fmt_out="yuv420p",
        macro_block_size=2, quality=None, ffmpeg_log_level="error",
        output_params=[*QUALITY["mp4"], "-movflags", "+faststart", "-f", "mp4"])  # a temporary name ends otherwise
    writer.send(None)
    try:
        for t in range(count):
            writer.send(draw(t).tobytes())
    finally:
        writer.close()


def _write_webp(path: Path, draw: Callable[[int], Image.Image], count: int, seconds: float) -> None:
    # Pillow would keep a list of all frames; of an image that has several, it takes one after the other.
    film = draw(0)
    film.n_frames, film.tell, film.seek = count, lambda: 0, lambda t: film.paste(draw(t))
    film.save(path, format="WEBP", save_all=True, duration=round(1000 * seconds), loop=0, quality=QUALITY["webp"])
