"""tapnb: cell events from time arrow prediction. Import its rooms (``tapnb.movies``, ...); this file is cheap."""

__version__ = "0.2.0"
