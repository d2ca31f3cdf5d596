# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Content view
#
# Does the network tell the order of two frames better when a crop shows more of them? The paper's Table 6 tries its
# pretrained model on larger and smaller crops, and on frames of twice and half the resolution. The model is the one
# that notebook 02 published for the same profile and movie; nothing is trained here.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
content_pairs: int = 300  # held-out crop pairs in a draw (paper: 10 000)
content_draws: int = 3  # draws of each setting (paper: 3)
content_samplers: list[str] = ["uniform", "change"]  # uniform: the paper's way; change: where the picture changes

# %%
from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import content_view, paper
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
on = devices.choose(device)
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
sides = content_view.training_crops(tap)
print(f"{tap.name}: trained with crops of {', '.join(map(str, sides))} pixels (paper: 96) at full resolution")
print(f"tried on {other.name}, {other.shape[0]} frames of {other.shape[1]} x {other.shape[2]} pixels")

# %% [markdown]
# ## Five settings
#
# The *content view* is what a crop shows, in pixels of the original frames: 96 pixels of a frame whose resolution was
# doubled show 48. Settings of one view are tried on the same windows, in frames that differ in resolution only.

# %%
run = content_view.content_run(
    tap, other, pairs=content_pairs, draws=content_draws, samplers=content_samplers, mode=mode, on=on,
    command=f"tapnb run 04_content_view --profile {profile} --movie {movie} --mode execute")
summary = content_view.summary(run.results["accuracies"])
print("settings that do not fit these frames:", ", ".join(run.results["left_out"]) or "none")

# %% [markdown]
# ## Table 6
#
# Time-arrow accuracy: mean and standard deviation of the draws, as in the paper, and Wilson's 95 % interval of all
# pairs together. The paper's 0.938 has no spread, because the one it prints is a misprint.

# %%
table6 = content_view.table6(summary)
table6

# %% mystnb={"image": {"alt": "Held-out time-arrow accuracy against the content view in original pixels, on a logarithmic axis: one line for crops that grow, a dashed one for resolution that falls, here with 95 % intervals and, for uniform windows, in the paper."}, "figure": {"caption": "The paper's Table 6 as a picture. Both lines of a panel meet at the setting of the training in the paper, 96 pixels at full resolution. Bars: 95 % intervals.", "name": "fig-content-view-drawn"}}
content_plot = figures.content_view(summary, paper.TABLE6_SETTINGS)
content_plot

# %% [markdown]
# ## The same windows, seen at two resolutions
#
# If content view were all, it would not matter by which way it is reached. Where one way was right and the other wrong,
# how often was it the crop at full resolution that was right? One half would mean that it does not matter.

# %%
matched = content_view.disputed(run.results["matched"])
matched_table = content_view.matched_table(matched)
matched_table

# %% [markdown]
# ## Provenance

# %%
path = results.publish("04_content_view", profile, movie, parameters, {"tap": tap, "content": run},
                       content_view.numbers(run, summary, matched, tap), {"train": train, "held-out": other},
                       {"table6": table6, "matched": matched_table}, {"accuracy": content_plot})
results.show_stamp(path)
