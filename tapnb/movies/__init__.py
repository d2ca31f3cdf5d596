"""Movies and their event masks: :class:`Movie`, readers of files, built-in movies, a simulator."""

from tapnb.movies.movie import EVENT_VALUES, SMALLEST_RANGE, Movie, normalise, read_movie
from tapnb.movies.stacks import read_stack

__all__ = ["EVENT_VALUES", "SMALLEST_RANGE", "Movie", "normalise", "read_movie", "read_stack"]
