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
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
crops_per_frame_pair: int = 1000  # crops drawn from every pair of consecutive frames (paper: 1000)
criterion: str = "size filter, either"  # labelling criterion of Table 5
area_threshold: int = 40  # labelled pixels from which a crop passes the size filter (paper: 40)
count_values: bool = False  # the scripts' way: a pixel of a death counts twice
replacement: bool = False  # the scripts' way: balance by drawing with replacement
training_pairs: int = 0  # keep at most this many balanced training pairs; 0: all
split: str = "random"  # how pairs are told apart into training, validation and test (paper: random)

# %%
from tapnb import dataset, figures
from tapnb.movies import catalogue
from tapnb.settings import chosen
from tapnb.store import results
from tapnb.studies import data as study

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
settings = chosen(dataset.DatasetSettings, parameters)
data = dataset.event_dataset(train, settings)
study.movies_table({"training": train, "held-out": other})

# %% [markdown]
# ## Table 1: the dataset
#
# The same number of 48 x 48 crops is drawn from each pair of consecutive frames, shuffled, and split 0.6 / 0.2 / 0.2.
# The training part is then balanced. Crops of one frame overlap between the parts, in the paper as here.

# %%
table1 = study.dataset_table(data, area_threshold)
table1

# %% [markdown]
# How many crop pairs each labelling criterion of the paper's Table 5 calls positive, over all pairs:

# %%
criteria_table = study.criteria_table(data, area_threshold)
criteria_table

# %% mystnb={"image": {"alt": "Line over the frame index: per cent of crop pairs that are positive, with a dashed line at the mean of all frames."}, "figure": {"caption": "Share of positive crop pairs in each frame pair, before balancing."}}
over_time = figures.positives_over_time(data.pairs.t, data.labels, train.minutes_per_frame)
over_time

# %% [markdown]
# ## Figure 1: from frames to labels

# %% mystnb={"image": {"alt": "Left: two consecutive frames with labelled cells outlined and four numbered windows. Right: for each window the two crops, their two masks with the number of labelled pixels, and the label."}, "figure": {"caption": "Pre-processing, drawn from the movie itself: windows at the same place of two consecutive frames, the labelled pixels in each, and the label under the chosen criterion. Blue: division, vermillion: death.", "name": "fig-preprocessing"}}
figures.preprocessing(train, data.pairs, data.areas, data.labels, study.example_pairs(data))

# %% [markdown]
# ## Events

# %%
events_table = study.events_table(train)
events_table

# %% mystnb={"image": {"alt": "Rows of consecutive 64-pixel crops around example events and, in the synthetic movie, around look-alikes that are not events; labelled pixels are outlined."}, "figure": {"caption": "Example events of each class and, where the movie knows them, of what only looks like one: six consecutive frames each, windows of 64 pixels; the labelled pixels are outlined (blue: division, vermillion: death).", "name": "fig-events"}}
examples = study.example_windows(train)
figures.event_gallery(train, examples) if len(examples) else (
    "no event lies far enough from the movie's borders to be shown")

# %% [markdown]
# ## Is brightness enough?
#
# If a threshold on brightness found the events, this movie would show nothing about features. The table has the average
# precision of one-number classifiers on the test pairs. Three are of brightness, one of contrast, one of the change
# between the two frames, by which pretraining draws its crops. A coin has the share of positives.

# %%
precisions = study.brightness(data)
brightness_table = study.brightness_table(precisions)
brightness_table

# %% [markdown]
# And the held-out movie, on whose uniform windows the time arrow is tested: how many of them show an event, by the same
# criterion? Who reads every event and guesses elsewhere is right in one half and half of that share.

# %%
eventful = study.eventful_shares(other, settings)
study.eventful_table(eventful)

# %% [markdown]
# ## Provenance

# %%
path = results.publish("01_data", profile, movie, parameters, {}, study.numbers(data, precisions, eventful),
                       {"train": train, "held-out": other},
                       {"table1": table1, "criteria": criteria_table, "events": events_table,
                        "brightness": brightness_table}, {"over_time": over_time})
results.show_stamp(path)
