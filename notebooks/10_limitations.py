# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Limitations
#
# Two remarks of the paper's Section 5, measured. A time-invariant head does not help. Moving polarised cells, cells at
# the crop's edge, dead bodies and debris are taken for events. Only one thing is trained here, a linear head that
# cannot tell the order of the frames. All else is what notebook 06 published for the same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu

# %%
from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import errors, limitations, limitations_heads, strategies
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
a0, a1 = (runs.find(results.published_run(profile, movie, "06_strategies", name)) for name in ("A0", "A1"))
data = strategies.dataset_of(a0, train)
print(f"linear head: {a0.name}; ResNet head: {a1.name}")

# %% [markdown]
# ## A head that cannot tell the order
#
# An event is an event whichever frame comes first, so the paper expects a time-invariant head to do better, and reports
# that it does not. *A0i* is A0 with one change: its linear layer sees the mean of both frames' features. Features, crops,
# epochs and seeds are those of A0. (The ResNet head of A1 averages over the frames as well: it is invariant as
# published.)

# %%
command = f"tapnb run 10_limitations --profile {profile} --movie {movie} --mode execute"
a0i = limitations_heads.invariant_run(train, a0, mode=mode, on=devices.choose(device), command=command)
heads = limitations_heads.invariant_minus_plain(a0, a0i)
heads_table = limitations_heads.in_text(heads, a0, a0i)
heads_table

# %% [markdown]
# ## What a false positive holds
#
# Every negative test pair is looked at for what might raise a false alarm. A crop may hold several kinds.
#
# *From the masks and the pixels of any movie:* the edge of an event, with too few labelled pixels for the label. An
# event in the same window up to two frames before or after. High contrast within 6 pixels of the crop's border and none
# inside.
#
# *From the simulation only:* polarised cells that run. Bright, loosely clinging spheres. Cells that round up and
# flatten again. Dead bodies, which is debris that a death in the movie has left. Other debris. Blobs out of focus. The
# table of events has one place for each, and how far it moves. A crop holds it if its place is in the window while it
# lasts. At an even pace it must have gone at most 12 pixels by then; where it may have moved in from outside, that
# *cannot be told*.

# %%
pairs = {name: errors.tested(strategies.predictions(run), data) for name, run in (("A0", a0), ("A1", a1))}
held = limitations.kinds(train, data, pairs["A0"]["pair"].unique())
(f"{train.name} has no table of look-alikes: only the three kinds that masks and pixels tell are there."
 if limitations.LOOKALIKES[0] not in held else f"{train.name} has a table of look-alikes: all kinds can be told.")

# %% [markdown]
# False positives among the negatives of each kind, mean over all runs, and how much more that is than among negatives that
# hold nothing of all this. 95 % intervals: blocks of frames are resampled, the variance between runs is added.

# %%
rates = limitations.false_alarms_by_kind(pairs, held, len(train.frames) - 1)
kinds_table = limitations.in_per_cent(rates)
kinds_table

# %% [markdown]
# The same for negatives that hold one kind and no other:

# %%
alone = limitations.false_alarms_by_kind(pairs, held, len(train.frames) - 1, alone=True)
alone_table = limitations.in_per_cent(alone)
alone_table

# %% mystnb={"image": {"alt": "For every kind of negative crop, the share that A0 and A1 take for an event, with error bars: on the left all crops that hold the kind, on the right those that hold nothing else; dashed lines mark crops that hold none."}, "figure": {"caption": "Negatives taken for an event, by what they hold, under the linear head (A0) and the ResNet head (A1), with 95 % intervals. Dashed: negatives that hold none of these. Numbers at the right: negative test pairs.", "name": "fig-nb-false-alarms"}}
kinds_plot = figures.false_alarms({"crops that hold it": rates, "crops that hold nothing else": alone})
kinds_plot

# %% [markdown]
# ## Provenance

# %%
numbers = limitations_heads.numbers(heads, a0, a0i) | limitations.numbers(rates, [a0, a1])
path = results.publish("10_limitations", profile, movie, parameters, {"A0": a0, "A1": a1, "A0i": a0i}, numbers,
                       {"train": train, "held-out": other},
                       {"heads": heads_table, "kinds": kinds_table, "kinds_alone": alone_table}, {"kinds": kinds_plot})
results.show_stamp(path)
