"""A page to answer on: places of a movie, each with the choice of what it shows, and a button that saves the table."""

from __future__ import annotations

import html
from importlib.resources import files
from string import Template

import pandas as pd

from tapnb.asking import ANSWERS
from tapnb.figures.event_pictures import crop_pair
from tapnb.figures.event_report import encoded
from tapnb.movies import Movie

SIDE = 96
"""Pixels of each picture: some surroundings help a person as well."""


def page(movie: Movie, places: pd.DataFrame, answers: str, then: str) -> str:
    """The places as one HTML page that needs nothing else.

    Parameters
    ----------
    movie : Movie
    places : DataFrame
        From :func:`tapnb.asking.places`. What the page saves has the same rows with a column ``answer``, as
        :func:`tapnb.asking.read_answers` takes it.
    answers : str
        The name of the file that is saved.
    then : str
        The command that takes it.
    """
    options = "".join(f"<option>{word}</option>" for word in ("", *ANSWERS))
    cards = "".join(
        f'<figure><img width="{2 * SIDE + 2}" height="{SIDE}" src="data:image/webp;base64,'
        f'{encoded(crop_pair(movie, place, SIDE), 90)}" alt="Frames {place.t - 1} and {place.t}">'
        f"<figcaption><label>{number}. frame {place.t}, y {place.y:.0f}, x {place.x:.0f} "
        f'<select data-row="{place.t},{place.y:.7g},{place.x:.7g}">{options}</select></label></figcaption></figure>'
        for number, place in enumerate(places.itertuples(), 1))
    page_of = Template(files("tapnb.figures").joinpath("event_questions.html").read_text("utf-8"))
    return page_of.substitute(name=html.escape(movie.name), count=len(places), cards=cards, answers=html.escape(answers), then=html.escape(then))
