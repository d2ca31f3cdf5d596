"""One movie as two: a part for training and a held-out part that share no pixel."""

import dataclasses

from tapnb.movies.movie import Movie

__all__ = ["part_of", "GAP"]

GAP = 48  # pixels between the two parts of one movie: no event crop of the paper's size touches both
LEAST_WIDTH = 96  # pixels: the paper's crop for pretraining


def part_of(movie, role, share=0.6, gap=GAP) -> Movie:
    """Cut one movie into a part for training and a held-out part that share no pixel.

    Parameters
    ----------
    movie : Movie
        The whole movie, (T, Y, X).
    role : {"train", "held-out"}
        The left part, or the right part.
    share : float
        Where the movie is cut, as a share of its width.
    gap : int
        Pixels left out around the cut.

    Returns
    -------
    Movie
        (T, Y, X') with the events that lie in it. Both parts are of one recording: a weaker test than a
        second position, and the movie's `source` says so.

    Raises
    ------
    ValueError
        If a part would be narrower than 96 pixels.
    """
    width = movie.shape[2]
    cut = round(share * width)
    end, start = cut - gap // 2, cut + gap - gap // 2  # of the left part, of the right part
    if min(end, width - start) < LEAST_WIDTH:
        raise ValueError(f"{movie.name} is {width} pixels wide, too narrow for a training part and a "
                         "held-out part: name a second movie under held_out in its YAML file.")
    left, right = (0, end) if role == "train" else (start, width)
    events, unexplained = (places if places is None else _inside(places, left, right) for places in (movie.events, movie.unexplained))
    side, other = ("left", "rest held out") if role == "train" else ("right", "rest being for training")
    return dataclasses.replace(
        movie,
        frames=movie.frames[:, :, left:right],
        masks=None if movie.masks is None else movie.masks[:, :, left:right],
        name=f"{movie.name}-{side}",
        source=f"{movie.source}; {side} part, columns {left} to {right - 1} of {width}, the {other} "
               f"({gap} pixels between them)",
        events=events,
        unexplained=unexplained,
    )


def _inside(places, left, right):
    """Return the rows of a table between two columns of the image, counted from the first."""
    own = places[(places["x"] >= left) & (places["x"] < right)]
    return own.assign(x=own["x"] - left).reset_index(drop=True)
