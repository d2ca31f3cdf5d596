"""What the decorrelation term does: its value and its gradient as the crop grows (Appendix A, Eq. 5).

With p_ij = z_i . z_j / tau, channel i costs -log a_ii = log sum_j exp(p_ij - p_ii). After the projection's BatchNorm
the length of z_i grows with the crop, p_ii being about s^2 / tau at a side of s pixels. Then the softmax chooses one
channel, the cost becomes the hinge max_j (p_ij - p_ii, 0), and a channel that wins feels nothing however correlated
it is. The loss itself is :func:`tapnb.losses.decorrelation`; here it is measured.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import arrow, losses, pretrain
from tapnb.metrics.quantity import Quantity
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie
from tapnb.pretrain import PretrainSettings
from tapnb.settings import restored
from tapnb.store import kinds, results, runs
from tapnb.studies import decorrelation_channels
from tapnb.studies.pretraining import tap_run
from tapnb.system.progress import tqdm

SEED = 30
"""Of the windows on which the term is measured, together with the seed of a network."""

SCRIPTS_FLOOR = 1e-10
"""What the authors' scripts add inside the logarithm; it caps the term at -log 1e-10 = 23.03."""

FORMS = {"unscaled": {}, "capped": {"floor": SCRIPTS_FLOOR}, "unit length": {"unit_length": True}}
"""The paper's formula, the scripts' and the normalised one, as arguments of :func:`tapnb.losses.decorrelation`."""

ABLATED = ("unscaled", "unit length")
"""Those of which there are short trainings."""

DECIDED = 1e-3
"""A channel whose share a_ii lies closer than this to 0 or 1 is decided: the softmax is saturated."""


def untrained(like: TimeArrowModel, seed: int) -> TimeArrowModel:
    """A network of the same architecture with fresh weights, on the same device."""
    widths = tuple(block[0].out_channels for block in like.features.backbone.down)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TimeArrowModel(widths)
    return model.to(next(like.parameters()).device)


def saturation(z: torch.Tensor, temperature: float = losses.TEMPERATURE) -> dict[str, float]:
    """How large the products of Eq. 5 are, and what its softmax makes of them.

    Parameters
    ----------
    z : tensor, shape (N, 2, C, h, w)
        Dense features.
    temperature : float
        tau.

    Returns
    -------
    dict
        ``own`` and ``other``: medians of p_ii and of \\|p_ij\\|, j != i. Shares of channels: ``won``, where a_ii is 1
        within :data:`DECIDED`; ``lost``, where it is 0 as closely; ``beyond_floor``, where it is below
        :data:`SCRIPTS_FLOOR`, and the capped term has no gradient to speak of.
    """
    rows = z.detach().float().flatten(-2).flatten(0, 1)  # (M, C, h w)
    products = rows @ rows.transpose(-1, -2) / temperature  # (M, C, C)
    diagonal = torch.eye(products.shape[-1], dtype=torch.bool, device=z.device)
    share = products.softmax(dim=-1)[:, diagonal]  # (M, C): a_ii
    measured = {"own": products[:, diagonal].median(), "other": products[:, ~diagonal].abs().median(),
                "won": (share > 1 - DECIDED).float().mean(), "lost": (share < DECIDED).float().mean(),
                "beyond_floor": (share < SCRIPTS_FLOOR).float().mean()}
    return {name: float(value) for name, value in measured.items()}


def measure(model: TimeArrowModel, images: torch.Tensor, flip: torch.Tensor) -> tuple[dict, list[dict]]:
    """The term on one batch, as training would see it: BatchNorm with the batch's own statistics.

    Parameters
    ----------
    model : TimeArrowModel
        Left as it is.
    images : tensor, shape (N, 2, s, s)
    flip : bool tensor, shape (N,)
        See :func:`tapnb.losses.time_arrow`.

    Returns
    -------
    dict
        :func:`saturation`, and ``arrow_gradient_weights``: the norm of the time-arrow loss's gradient with respect to
        the weights of U-Net and projection.
    list of dict
        By ``form`` (:data:`FORMS`): ``value``, ``gradient_z`` and ``gradient_weights`` (norms of its gradient with
        respect to z and to the same weights), without the factor lambda.
    """
    model = copy.deepcopy(model).train()
    weights = list(model.features.parameters())
    logits, z = model(images)

    def norms(loss: torch.Tensor) -> tuple[float, float]:
        of_z, *of_weights = torch.autograd.grad(loss, [z, *weights], retain_graph=True)
        return of_z.norm().item(), torch.stack([g.norm() for g in of_weights]).norm().item()

    terms = []
    for form, options in FORMS.items():
        loss = losses.decorrelation(z, **options)
        of_z, of_weights = norms(loss)
        terms.append({"form": form, "value": loss.item(), "gradient_z": of_z, "gradient_weights": of_weights})
    return saturation(z) | {"arrow_gradient_weights": norms(losses.cross_entropy(logits, flip))[1]}, terms


def measure_sizes(trained: TimeArrowModel, movie: Movie, *, sizes: list[int], seeds: list[int], pairs: int,
                  on: torch.device) -> dict[str, list[dict]]:
    """:func:`measure` as the crop grows: a trained network and untrained ones on the movie, untrained ones on noise.

    Parameters
    ----------
    trained : TimeArrowModel
    movie : Movie
    sizes : list of int
        Sides of the crops in pixels; those that do not fit into the movie are left out.
    seeds : list of int
        Each draws an untrained network and its own uniform windows.
    pairs : int
        Crop pairs in a batch.
    on : torch.device

    Returns
    -------
    dict
        "saturation" and "terms": rows of :func:`measure` with ``network`` ("untrained", "trained"), ``images``
        ("movie", "noise"), ``seed`` and ``size``.

    Raises
    ------
    ValueError
        If there is no seed, too few pairs, or no size that fits.
    """
    fitting = [size for size in sizes if size <= min(movie.shape[1:])]
    if not seeds or pairs < 2 or not fitting:  # BatchNorm needs more than one pair to be that of a training
        raise ValueError(f"cannot measure the decorrelation term with sizes {sizes} in frames of {movie.shape[1]} x "
                         f"{movie.shape[2]} px, seeds {seeds} and {pairs} pairs; give sizes that fit, at least one "
                         "seed and two pairs")
    source = arrow.PairSource(movie, "uniform", on)
    rows: dict[str, list[dict]] = {"saturation": [], "terms": []}
    for seed, size in tqdm([(seed, size) for seed in seeds for size in fitting], desc="decorrelation", unit="size"):
        windows = source.sample(size, pairs, np.random.default_rng([SEED, seed, size]))
        shown, flip = source.gather(windows), torch.from_numpy(windows.flip).to(on)
        noise = torch.rand(shown.shape, generator=torch.Generator().manual_seed(seed)).to(on)
        fresh = untrained(trained, seed)
        for network, model, kind, images in (("untrained", fresh, "movie", shown), ("trained", trained, "movie", shown),
                                             ("untrained", fresh, "noise", noise)):
            state, terms = measure(model, images, flip)
            where = {"network": network, "images": kind, "seed": seed, "size": size}
            rows["saturation"].append(where | state)
            rows["terms"] += [where | term for term in terms]
    return rows


CASE = ["network", "images", "size"]
"""Columns that say what was measured, whatever the seed."""


def pulls(measured: dict[str, list[dict]]) -> pd.DataFrame:
    """How hard the term pulls at the weights, compared with the time arrow.

    Parameters
    ----------
    measured : dict
        From :func:`measure_sizes`.

    Returns
    -------
    DataFrame
        The rows of "terms" with ``pull``: lambda times ``gradient_weights`` over ``arrow_gradient_weights``.
    """
    terms, state = pd.DataFrame(measured["terms"]), pd.DataFrame(measured["saturation"])
    rows = terms.merge(state[[*CASE, "seed", "arrow_gradient_weights"]], on=[*CASE, "seed"])
    rows["value"] = rows["value"].clip(lower=0) + 0.0  # the cap makes -1e-10 of a sum of zeros; no "-0.000" either
    rows["pull"] = losses.DECORRELATION_WEIGHT * rows["gradient_weights"] / rows["arrow_gradient_weights"]
    return rows


def saturation_table(saturation: pd.DataFrame) -> pd.DataFrame:
    """Products and decided channels in every :data:`CASE`, means over the seeds as text; the rows of "saturation"."""
    means = saturation.groupby(CASE)[["own", "other", "won", "lost", "beyond_floor"]].mean().reset_index()
    table = means[CASE].rename(columns={"size": "crop (pixels)"})
    for column, title in (("own", "with itself"), ("other", "with another")):
        table[title] = means[column].map("{:.0f}".format)
    for column, title in (("won", "won (%)"), ("lost", "lost (%)"), ("beyond_floor", "beyond the cap (%)")):
        table[title] = (100 * means[column]).map("{:.1f}".format)
    return table


def pull_table(terms: pd.DataFrame) -> pd.DataFrame:
    """:func:`pulls` in every :data:`CASE` and form: median, lowest and highest of the batches, as text."""
    pull = terms.groupby([*CASE, "form"])["pull"].agg(["median", "min", "max"]).round(3).unstack("form")
    table = pull.index.to_frame(index=False).rename(columns={"size": "crop (pixels)"})
    for form in FORMS:
        batches = zip(*(pull[statistic, form] for statistic in ("median", "min", "max")))
        table[form] = [Quantity(f"{middle:.3g} ({low:.3g} to {high:.3g})", middle, low=low, high=high) if low < high
                       else f"{middle:.3g}" for middle, low, high in batches]
    return table


def numbers(run: runs.Run, tap: runs.Run) -> dict[str, dict]:
    """The numbers of the notebook on decorrelation, all at the largest crop.

    Parameters
    ----------
    run : Run
        From :func:`decorrelation_run`.
    tap : Run
        The published pretraining.
    """
    terms, saturation = pulls(run.results), pd.DataFrame(run.results["saturation"])
    largest = max(terms["size"])
    table = {"crop": results.number(largest, [run], 0, unit="pixels")}
    for case, rows in terms[terms["size"] == largest].groupby(["network", "images", "form"]):
        for quantity in ("value", "pull"):
            table["_".join([*case, quantity]).replace(" ", "_")] = results.number(
                rows[quantity].mean(), [run, tap], 3, rows[quantity].std(), len(rows))
    for (network, images), rows in saturation[saturation["size"] == largest].groupby(["network", "images"]):
        table[f"{network}_{images}_won"] = results.number(100 * rows["won"].mean(), [run, tap], 1, unit="%")
    for row in run.results["channels"]:
        name = runs.slug(row["network"]).replace("-", "_")
        table |= {f"{name}_correlation": results.number(row["mean_absolute_correlation"], [run]),
                  f"{name}_rank": results.number(row["effective_rank"], [run], 1)}
    return table


def ablation_runs(tap: runs.Run, train: Movie, held_out: Movie, *, pairs: int, seeds: list[int], test_pairs: int,
                  mode: str, on: torch.device, command: str, forms: Sequence[str] = ABLATED) -> dict[str, runs.Run]:
    """Short trainings that differ in the scaling of the rows only: the published recipe, unscaled and unit length.

    Parameters
    ----------
    tap : Run
        The published pretraining, whose parameters they share.
    train, held_out : Movie
        Those of ``tap``.
    pairs : int
        Budget of each in crop pairs, in six epochs; 0: none is trained.
    seeds : list of int
    test_pairs : int
        Held-out pairs of each kind for the final accuracies.
    mode, command
        See :func:`tapnb.store.runs.run`.
    on : torch.device
    forms : sequence of str
        Some of :data:`ABLATED`.

    Returns
    -------
    dict of Run
        By form and seed, such as "unit length, seed 1"; see :func:`tapnb.studies.pretraining.tap_run`.

    Raises
    ------
    ValueError
        If the movie is not the one of ``tap``.
    """
    if not pairs:
        return {}
    runs.check_movie(tap, train)
    published = restored(PretrainSettings, tap.record["parameters"]["settings"])
    short = replace(published, pairs=pairs, pairs_per_epoch=max(published.batch, pairs // 6))
    return {f"{form}, seed {seed}": tap_run(train, held_out, replace(short, unit_length=form == "unit length"),
                                            test_pairs=test_pairs, seed=seed, mode=mode, on=on, command=command)
            for seed in seeds for form in forms}


def decorrelation_run(tap: runs.Run, held_out: Movie, ablations: dict[str, runs.Run], *, feature_pairs: int, mode: str,
                      on: torch.device, command: str, **parameters) -> runs.Run:
    """:func:`measure_sizes` and :func:`tapnb.studies.decorrelation_channels.compare` as a run.

    Parameters
    ----------
    tap : Run
        The published pretraining.
    held_out : Movie
    ablations : dict of Run
        From :func:`ablation_runs`.
    feature_pairs : int
        Crop pairs on which channels are compared.
    mode, command
        See :func:`tapnb.store.runs.run`.
    on : torch.device
    **parameters
        Of :func:`measure_sizes`: sizes, seeds, pairs.

    Returns
    -------
    Run
        ``results``: "saturation" and "terms" of the one, and "channels" of the other: of an untrained network, the
        published one ("trained") and the short trainings, by the keys of ``ablations``.
    """

    def make(folder: Path) -> dict:
        trained = pretrain.load(tap.folder, on)
        measured = measure_sizes(trained, held_out, on=on, **parameters)
        first = parameters["seeds"][0]
        networks = {"untrained": (untrained(trained, first), first), "trained": (trained, tap.record["seed"])}
        networks |= {name: (pretrain.load(run.folder, on), run.record["seed"]) for name, run in ablations.items()}
        return measured | {"channels": decorrelation_channels.compare(networks, held_out, feature_pairs, on)}

    key = parameters | {"feature_pairs": feature_pairs, "tap": tap.name,
                        "ablations": {name: run.name for name, run in ablations.items()}}
    return runs.run(kinds.DECORRELATION, {"held-out": held_out}, key, SEED, make, mode=mode, command=command, on=on)
