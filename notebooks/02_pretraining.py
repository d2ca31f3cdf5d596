# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Pretraining
#
# Which of two crops came first? This notebook trains the U-Net on that question with one movie, checks it on
# another, and draws the paper's Figure 6. It then compares ways of drawing the crops, since the paper's two million
# uniform pairs are out of reach of a laptop.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
tap_seed: int = 1  # initial weights, crops, augmentation
tap_pairs: int = 2048  # crop pairs seen in training (paper: 2 million)
tap_pairs_per_epoch: int = 512  # crop pairs between two checks and checkpoints (scripts: 50 000)
tap_batch: int = 16  # crop pairs a step (scripts: 108)
tap_crop_sizes: list[int] = [32]  # sides of the crops in pixels, in order (paper: 96)
tap_crop_shares: list[float] = [1.0]  # share of the pairs drawn at each size
tap_sampler: str = "change"  # change: places that change are likelier, no labels used; uniform: the paper's way
tap_uniform_share: float = 0.1  # share of pairs drawn uniformly all the same
tap_change_power: float = 4.0  # how strongly change counts
tap_schedule: str = "one-cycle"  # one-cycle or cyclic (the scripts' way)
tap_low_rate: float = 0.0001  # learning rate at the start
tap_high_rate: float = 0.001  # highest learning rate
tap_decorrelation_weight: float = 0.01  # lambda of Eq. 4 (paper: 0.01)
tap_unit_length: bool = False  # decorrelation of unit-length channels; the paper's Eq. 5 does not scale them
tap_floor: float = 0.0  # the scripts' way: 1e-10, a constant inside the logarithm of Eq. 5 that caps the term at 23.03
tap_validation_pairs: int = 200  # held-out pairs of each kind after every epoch (scripts: 10 000)
tap_validation_size: int = 48  # side of those crops in pixels (paper: 96)
tap_test_pairs: int = 400  # held-out pairs of each kind for the final accuracies
recipe_pairs: int = 512  # budget of each recipe below, in pairs of 48 x 48 pixels; 0: no comparison
recipes: list[str] = ["uniform 96", "uniform 48", "change 48", "change 24:3 32:2 48:1"]  # sampler, crop sizes: shares

# %%
from IPython.display import display

from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results
from tapnb.studies import pretraining
from tapnb.studies.pretraining import read_recipe
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
to_compare = {text: read_recipe(text) for text in recipes if recipe_pairs}
train, other = catalogue.open_both(movie, single_child)
on = devices.choose(device)
command = f"tapnb run 02_pretraining --profile {profile} --movie {movie} --mode execute"
tap = pretraining.settings_of(parameters)
setting = dict(seed=tap_seed, mode=mode, on=on, command=command, test_pairs=tap_test_pairs)
for role, m in (("training", train), ("held-out", other)):
    print(f"{role}: {m.name}, {m.shape[0]} frames of {m.shape[1]} x {m.shape[2]} pixels")

# %% [markdown]
# ## The training
#
# One row an epoch. Held-out pairs are the same every time and are never augmented. *Uniform* pairs lie anywhere, as
# in the paper; many of them hold nothing that could tell the time. Pairs *by change* lie where the picture changes.

# %%
run = pretraining.tap_run(train, other, tap, **setting)
history = pretraining.history_of(run)
display(history[["pairs", "minutes", "crop_size", "train_loss", "train_accuracy", "uniform_accuracy",
                 "change_accuracy"]].round(3).tail(12))

# %% mystnb={"image": {"alt": "Three panels over the crop pairs seen: total loss, decorrelation loss and accuracy, each for training pairs, uniform held-out pairs and held-out pairs drawn by change; a dashed line marks chance."}, "figure": {"caption": "Total loss, decorrelation loss and accuracy during training, as in the paper's Figure 6. Training pairs are augmented and drawn by the recipe; held-out pairs are neither augmented nor seen in training."}}
curves = figures.training_curves(history)
curves

# %% [markdown]
# ## How well the arrow is predicted
#
# On other held-out pairs than those of the curves, with Wilson's 95 % interval. The paper, after 2 million pairs at 96
# pixels: 0.974 on its own held-out movie, and 0.824 with crops of 48.

# %%
accuracy_table = pretraining.accuracy_table(pretraining.accuracies_of(run))
accuracy_table

# %% [markdown]
# ## What the deviation buys
#
# Each recipe gets the same number of pixels, hence about the same computing: a 96-pixel pair costs as much as four of
# 48. *Uniform 96* is the paper's. Held-out accuracy after training by kind and side of the crop, with its 95 %
# interval.

# %%
compared = {text: pretraining.tap_run(train, other, pretraining.of_recipe(tap, recipe, recipe_pairs),
                                      **setting | dict(test_pairs=tap_validation_pairs))
            for text, recipe in to_compare.items()}
recipe_table = pretraining.recipe_table(compared)
recipe_table

# %% mystnb={"image": {"alt": "Four panels: held-out accuracy on uniform crops and on crops drawn by change, against crop pairs seen and against minutes of training, one line a recipe."}, "figure": {"caption": "Held-out accuracy of each way of drawing training crops, against pairs seen (left) and minutes of training (right). Every recipe is checked on the same held-out crops."}}
recipe_plot = figures.recipes({
    text: pretraining.history_of(r) for text, r in compared.items()}) if compared else None
recipe_plot

# %% [markdown]
# ## Provenance

# %%
tables, plots = {"accuracy": accuracy_table, "history": history}, {"curves": curves}
if compared:
    tables, plots = tables | {"recipes": recipe_table}, plots | {"recipes": recipe_plot}
path = results.publish("02_pretraining", profile, movie, parameters,
                       {"tap": run} | {f"recipe {text}": r for text, r in compared.items()}, pretraining.numbers(run),
                       {"train": train, "held-out": other}, tables, plots)
results.show_stamp(path)
