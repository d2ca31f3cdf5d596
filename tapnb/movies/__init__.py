"""Movies and their event masks: :class:`Movie`, readers of files, built-in movies, a simulator."""

from tapnb.movies.movie import EVENT_VALUES, Movie, normalise, read_movie
from tapnb.movies.quality import BOUND, SMALLEST_RANGE
from tapnb.movies.stacks import read_stack
from tapnb.movies.usable import Usable

__all__ = ["BOUND", "EVENT_VALUES", "SMALLEST_RANGE", "Movie", "Usable", "normalise", "read_movie", "read_stack"]
