# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Data
#
# From a movie and its event masks to labelled crop pairs: the paper's Table 1 and Figure 1, and what events look like.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read (nothing is trained here)
crops_per_frame_pair: int = 1000  # crops drawn from every pair of consecutive frames (paper: 1000)
criterion: str = "size filter, either"  # labelling criterion of Table 5
area_threshold: int = 40  # labelled pixels from which a crop passes the size filter (paper: 40)
count_values: bool = False  # the scripts' way: a pixel of a death counts twice
replacement: bool = False  # the scripts' way: balance by drawing with replacement
training_pairs: int = 0  # keep at most this many balanced training pairs; 0: all
split: str = "random"  # how pairs are told apart into training, validation and test (paper: random)

# %%
import numpy as np
import pandas as pd

from tapnb import crops, dataset, figures
from tapnb.metrics import scores
from tapnb.movies import catalogue
from tapnb.settings import chosen
from tapnb.store import results
from tapnb.studies import paper
from tapnb.studies.data import example_windows

parameters = results.given(globals())
train, other = catalogue.open_both(movie)
data = dataset.event_dataset(train, chosen(dataset.DatasetSettings, parameters))
pd.DataFrame([{"role": role, "movie": m.name, "frames": len(m.frames), "size (pixels)": f"{m.shape[1]} x {m.shape[2]}",
               "type": str(m.frames.dtype), "minutes a frame": m.minutes_per_frame, "source": m.source}
              for role, m in (("training", train), ("held-out", other))])

# %% [markdown]
# ## Table 1: the dataset
#
# The same number of 48 x 48 crops is drawn from each pair of consecutive frames, shuffled, and split 0.6 / 0.2 / 0.2.
# The training part is then balanced. Crops of one frame overlap between the parts, in the paper as here.

# %%
counts = {"total": (len(data.pairs), None)} | {
    part: (len(index), int(data.labels[index].sum())) for part, index in data.parts.items()}


def shown(pairs: int, positive: int | None) -> str:
    return f"{pairs}" if positive is None else f"{pairs} ({positive})"


table1 = pd.DataFrame([
    *({"": name, "paper": shown(*paper.TABLE1[part]), "here": shown(*counts[part])} for name, part in
      (("total crop pairs", "total"), ("training set (positive)", "balanced"), ("test set (positive)", "test"),
       ("validation set (positive)", "validation"))),
    {"": "area threshold (pixels)", "paper": "40", "here": str(area_threshold)},
    {"": "crop (pixels)", "paper": "48 x 48", "here": f"{data.pairs.size} x {data.pairs.size}"}])
table1

# %% [markdown]
# How many crop pairs each labelling criterion of the paper's Table 5 calls positive, over all pairs:

# %%
shares = {name: float(dataset.label(data.areas, name, area_threshold).mean()) for name in dataset.CRITERIA}
criteria_table = pd.DataFrame([
    {"criterion": name, "here": f"{100 * share:.1f} %",
     "paper (test set)": f"{100 * paper.TABLE5_TEST_POSITIVES[name] / paper.TABLE1['test'][0]:.1f} %"}
    for name, share in shares.items()])
criteria_table

# %% mystnb={"image": {"alt": "Line over the frame index: per cent of crop pairs that are positive, with a dashed line at the mean of all frames."}, "figure": {"caption": "Share of positive crop pairs in each frame pair, before balancing."}}
over_time = figures.positives_over_time(data.pairs.t, data.labels, train.minutes_per_frame)
over_time

# %% [markdown]
# ## Figure 1: from frames to labels

# %% mystnb={"image": {"alt": "Left: two consecutive frames with labelled cells outlined and four numbered windows. Right: for each window the two crops, their two masks with the number of labelled pixels, and the label."}, "figure": {"caption": "Pre-processing, drawn from the movie itself: windows at the same place of two consecutive frames, the labelled pixels in each, and the label under the chosen criterion. Blue: division, vermillion: death.", "name": "fig-preprocessing"}}
busiest = pd.Series(data.labels).groupby(data.pairs.t).sum().idxmax()
there = np.flatnonzero(data.pairs.t == busiest)
positive, negative = there[data.labels[there]], there[~data.labels[there]]
figures.preprocessing(train, data.pairs, data.areas, data.labels, [*positive[:2], *negative[:2]])

# %% [markdown]
# ## Events

# %%
kinds = pd.DataFrame(columns=["kind", "in the movie"]) if train.events is None else (
    train.events["kind"].value_counts().rename_axis("kind").reset_index(name="in the movie"))
kinds

# %% mystnb={"image": {"alt": "Rows of consecutive 64-pixel crops around example events and, in the synthetic movie, around look-alikes that are not events; labelled pixels are outlined."}, "figure": {"caption": "Example events of each class and, where the movie knows them, of what only looks like one: six consecutive frames each, windows of 64 pixels; the labelled pixels are outlined (blue: division, vermillion: death).", "name": "fig-events"}}
examples = example_windows(train)
figures.event_gallery(train, examples) if len(examples) else "no event lies far enough from the movie's borders to be shown"

# %% [markdown]
# ## Is brightness enough?
#
# If a threshold on brightness found the events, this movie would show nothing about features. Average precision of
# one-number classifiers on the test pairs: three of brightness, one of contrast, and one of the change between the two
# frames, which is what a crop is drawn by in pretraining. A coin has the share of positives.

# %%
test = data.parts["test"]
images = data.images(test).flatten(2)  # (N, 2, pixels)
statistics = {"largest pixel": images.amax((1, 2)), "99th percentile": images.flatten(1).quantile(0.99, dim=1),
              "mean": images.mean((1, 2)), "standard deviation": images.flatten(1).std(dim=1),
              "change between the frames": (images[:, 1] - images[:, 0]).abs().mean(1)}
brightness = {name: scores.average_precision(data.labels[test], value.numpy()) for name, value in statistics.items()}
base_rate = float(data.labels[test].mean())
brightness_table = pd.DataFrame([{"classifier": name, "average precision": f"{value:.3f}"}
                                 for name, value in ({"a coin": base_rate} | brightness).items()])
brightness_table

# %% [markdown]
# And the held-out movie, on whose uniform windows the time arrow is told: how many of them show an event, by the same
# criterion? Who reads every event and guesses elsewhere is right in one half and half of that share.

# %%
sides = [side for side in (data.pairs.size, 2 * data.pairs.size) if other.masks is not None and side <= min(other.shape[1:])]
eventful = {}
for side in sides:
    windows = crops.sample_per_frame_pair(other.shape, side, crops_per_frame_pair)
    labels = dataset.label(dataset.labelled_areas(other.masks, windows, count_values), criterion, area_threshold)
    eventful[side] = float(labels.mean())
pd.DataFrame([{"held-out windows (pixels)": side, "with an event": f"{share:.1%}"} for side, share in eventful.items()])

# %% [markdown]
# ## Provenance

# %%
numbers = {"crop_pairs": results.number(len(data.pairs), [], 0),
           "positive_share": results.number(100 * data.labels.mean(), [], 1, unit="%"),
           "training_pairs": results.number(counts["balanced"][0], [], 0),
           "test_pairs": results.number(counts["test"][0], [], 0),
           "brightness_ap": results.number(brightness["99th percentile"], [], 2),
           "best_brightness_ap": results.number(max(brightness[name] for name in list(statistics)[:4]), [], 2),
           "base_rate": results.number(base_rate, [], 2)}
numbers |= {f"held_out_eventful_{side}": results.number(100 * share, [], 1, unit="%") for side, share in eventful.items()}
tables = {"table1": table1, "criteria": criteria_table, "events": kinds, "brightness": brightness_table}
path = results.publish("01_data", profile, movie, parameters, {}, numbers, {"train": train, "held-out": other}, tables,
                       {"over_time": over_time})
results.show_stamp(path)
