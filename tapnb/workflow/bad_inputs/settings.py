"""Descriptions of movies, profiles and parameters that cannot be meant so."""

from collections.abc import Callable
from pathlib import Path

from tapnb.movies.catalogue import open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import Maker, content, described
from tapnb.workflow.parameters import Parameter, choose, declared, fitted, read_profile

__all__ = ["ROWS"]

MOVIES, SETTINGS = "Descriptions of movies", "Profiles and parameters"

DECLARED = {"02_pretraining": {name: Parameter(name, kind, default, "") for name, kind, default in (
    ("profile", "str", "cpu"), ("movie", "str", "synthetic"), ("mode", "str", "execute"), ("tap_pairs", "int", 500),
    ("tap_high_rate", "float", 0.001))}}
"""Some parameters of a notebook."""


def _profile(text: str) -> Maker:
    return content("mine.yaml", text)


def _read(path: Path) -> object:
    return read_profile(path.stem, path.parent)


def _chosen(settings: dict[str, object], **overrides: object) -> object:
    given = {"profile": "mine", "movie": "synthetic", "mode": "execute"} | overrides
    return choose(DECLARED, list(DECLARED), "mine", settings, given)


def _pretraining(**settings: object) -> object:
    from tapnb.pretrain import PretrainSettings  # here: it brings torch

    return PretrainSettings(**settings)


def _dataset(**settings: object) -> object:
    from tapnb.dataset import DatasetSettings  # here: it brings torch

    return DatasetSettings(**settings)


def _set(name: str, kind: str, value: object) -> Callable[[object], object]:
    """Ask for ``-p NAME VALUE`` of the command line."""
    return lambda folder: fitted(name, kind, value)


def _nothing(folder: Path) -> Path:
    return folder


ROWS = (
    BadInput(MOVIES, "a key that there is not", described("frames: stack.tif\nlables: labels.tif\n"),
             r"no key 'lables'; did you mean 'labels'", "movie.yaml"),
    BadInput(MOVIES, "a description without frames", described("um_per_pixel: 0.5\n"), r"the key 'frames' is missing",
             "movie.yaml"),
    BadInput(MOVIES, "frames that are not there", described("frames: stak.tif\n"),
             r"no file or folder .*seen from the folder of", "stak.tif"),
    BadInput(MOVIES, "a word for a size", described("frames: stack.tif\num_per_pixel: small\n"),
             r"um_per_pixel must be a number, not 'small'", "movie.yaml"),
    BadInput(MOVIES, "a negative time between frames", described("frames: stack.tif\nminutes_per_frame: -15\n"),
             r"must be a number above 0, not -15", "minutes_per_frame"),
    BadInput(MOVIES, "a held-out movie that is no mapping", described("frames: stack.tif\nheld_out: other.tif\n"),
             r"must be a mapping of its own", "held_out"),
    BadInput(MOVIES, "an answer that is none of the two", described("frames: stack.tif\ngaps: maybe\n"),
             r"must be 'refuse' or 'allow', not 'maybe'", "gaps"),
    BadInput(MOVIES, "a channel that is no number", described("frames: stack.tif\nchannel: GFP\n"),
             r"must be a whole number, not 'GFP'", "channel"),
    BadInput(MOVIES, "a key that comes twice", described("frames: stack.tif\nframes: other.tif\n"),
             r"has the key 'frames' twice", "movie.yaml"),
    BadInput(MOVIES, "brackets that never close", described("frames: [stack.tif\n"), r"line 2 is not YAML",
             "movie.yaml"),
    BadInput(MOVIES, "a list instead of keys", described("- stack.tif\n"), r"must be one mapping", "movie.yaml"),
    BadInput(MOVIES, "a radius without points", described("frames: stack.tif\nradius: 6\n"),
             r"no labels that are points or ROIs: leave", "movie.yaml"),
    BadInput(MOVIES, "a sequence of a movie that has none", described("frames: stack.tif\nsequence: 02\n"),
             r"no tracked sequences .*leave out sequence", "stack.tif"),
    BadInput(MOVIES, "a channel of a movie that has none", described("frames: stack.tif\nchannel: 3\n"),
             r"leaves nothing open that channel decides, .*leave out channel", "stack.tif"),
    BadInput(MOVIES, "gaps of a single file", described("frames: stack.tif\ngaps: allow\n"),
             r"nothing open that gaps decides, which is for a folder", "stack.tif"),
    BadInput(MOVIES, "an option beside a description", described("frames: stack.tif\n"),
             r"no option 'labels': it has none", "movie.yaml", lambda path: open_whole(path, labels="masks.tif")),
    BadInput(SETTINGS, "a misspelt profile", _profile("tap_pairs: 100\n"), r"no profile 'mime'.*did you mean 'mine'",
             "'mime'", lambda path: read_profile("mime", path.parent)),
    BadInput(SETTINGS, "a profile that extends one that there is not", _profile("extends: papper\n"),
             r"no profile 'papper', which 'mine' extends", "'papper'", _read),
    BadInput(SETTINGS, "a profile that extends itself", _profile("extends: mine\n"), r"never ends: mine extends mine",
             "'mine'", _read),
    BadInput(SETTINGS, "a profile with a mapping in it", _profile("tap:\n  pairs: 100\n"), r"must be one flat mapping",
             "mine.yaml", _read),
    BadInput(SETTINGS, "a setting that no notebook has", lambda folder: {"tap_pair": 100},
             r"sets 'tap_pair', which no notebook declares: did you mean 'tap_pairs'", "'tap_pair'", _chosen),
    BadInput(SETTINGS, "a parameter that the notebook does not have", _nothing, r"no parameter 'epochs'", "'epochs'",
             lambda folder: _chosen({}, epochs=3)),
    BadInput(SETTINGS, "a mode that there is not", _nothing, r"must be execute or restore, or auto, not 'fast'",
             "'fast'", lambda folder: _chosen({}, mode="fast")),
    BadInput(SETTINGS, "a word for a number", _nothing, r"must be a whole number \(int\), not 'many'", "'tap_pairs'",
             _set("tap_pairs", "int", "many")),
    BadInput(SETTINGS, "a fraction where things are counted", _nothing, r"must be a whole number \(int\), not '2\.5'",
             "'tap_pairs'", _set("tap_pairs", "int", "2.5")),
    BadInput(SETTINGS, "yes instead of true", _nothing, r"must be true or false \(bool\), not 'yes'", "'unit_length'",
             _set("unit_length", "bool", "yes")),
    BadInput(SETTINGS, "a number for a list", _nothing, r"must be a list such as \[1, 2\]", "'seeds'",
             _set("seeds", "list[int]", "20")),
    BadInput(SETTINGS, "a learning rate that is not a number", _nothing, r"must be a finite number", "'tap_high_rate'",
             _set("tap_high_rate", "float", ".nan")),
    BadInput(SETTINGS, "a learning rate of a million", _nothing,
             r"high_rate is 1e\+06; it must be a number from 0 to 1", "1e+06",
             lambda folder: _pretraining(high_rate=1e6)),
    BadInput(SETTINGS, "a batch larger than an epoch", _nothing, r"does not fit into an epoch of 50; make it smaller",
             "108", lambda folder: _pretraining(pairs_per_epoch=50)),
    BadInput(SETTINGS, "no pair at all", _nothing, r"number of pairs is 0; it must be at least 1", "0",
             lambda folder: _pretraining(pairs=0)),
    BadInput(SETTINGS, "a criterion that there is not", _nothing,
             r"unknown labelling criterion 'colour'; choose one of", "'colour'",
             lambda folder: _dataset(criterion="colour")),
    BadInput(SETTINGS, "a share of labels above 1", _nothing,
             r"share of labelled events is 50; it must be above 0, and 1 at most", "50",
             lambda folder: _dataset(labelled_share=50)),
    BadInput(SETTINGS, "a notebook whose parameters are computed",
             content("01_mine.py", '# %% tags=["parameters"]\npairs: int = 5 * 100  # pairs an epoch\n'),
             r"pairs is computed, '5 \* 100': write it out", "01_mine", declared),
    BadInput(SETTINGS, "a notebook without parameters", content("01_mine.py", "# %%\nprint(1)\n"),
             r"0 cells tagged 'parameters'; it needs exactly one", "01_mine", declared),
)
