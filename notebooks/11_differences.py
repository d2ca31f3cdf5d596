# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Differences
#
# Where the paper is silent, or its scripts do something else than it says, this project had to choose. Here each
# choice is made the other way, one at a time, and what changes is measured. Our side is what notebooks 02 and 06
# published for the same profile and movie; only the other side is computed here.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
balancing_strategies: list[str] = ["A0"]  # strategies trained once more on pairs that were drawn with replacement
difference_strategies: list[str] = ["B0", "B1"]  # strategies whose random features are made the scripts' ways as well
schedule_pairs: int = 3072  # crop pairs of each of the two short trainings that compare learning rates; 0: none
schedule_test_pairs: int = 400  # held-out pairs of each kind for their accuracies
rounding_strategy: str = "A1"  # strategy on fixed TAP features whose head is trained on rounded and on exact ones
rounding_pairs: int = 400  # crop pairs to train and to test it on; 0: no comparison
fill_sizes: list[int] = [24, 96]  # sides of the crops whose augmentation is looked at, in pixels
fill_draws: int = 1000  # augmentations drawn of each

# %%
import pandas as pd

from tapnb import dataset, figures
from tapnb.movies import catalogue
from tapnb.settings import restored
from tapnb.store import results, runs
from tapnb.studies import differences, differences_fill, differences_rounding, effects, paper
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
way = dict(mode=mode, on=devices.choose(device),
           command=f"tapnb run 11_differences --profile {profile} --movie {movie} --mode execute")
published = {name: runs.find(results.published_run(profile, movie, "06_strategies", name))
             for name in dict.fromkeys(["tap", rounding_strategy, *balancing_strategies, *difference_strategies])}
tap = published["tap"]
settings = restored(dataset.DatasetSettings, published[rounding_strategy].record["parameters"]["dataset"])
pd.DataFrame([{"role": name, "run": run.name} for name, run in published.items()])

# %% [markdown]
# ## Labels and balancing
#
# The scripts sum the mask's *values*, so that a pixel of a death (2) counts twice. They and the paper's "above 40" ask
# for more than 40, where ours asks for 40 or more. They balance by drawing each class *with* replacement, half as many
# as there are training pairs, so that some pairs come several times. All of this can be counted.

# %%
data = dataset.event_dataset(train, settings)
measured = [*differences.label_effects(train, data.pairs, settings.criterion, settings.area_threshold),
            *differences.balancing_effects(train, settings)]
effects.table(measured)

# %% [markdown]
# ## Strategies the scripts' way
#
# The published run of a strategy stands beside the same run with one parameter changed. The changes are balancing with
# replacement; BatchNorm scales of the random network drawn from N(0, 1); its BatchNorm statistics left as those of the
# *trained* network. Mean and standard deviation over the runs; effects with their 95 % interval of blocks
# of frames and of runs, the same frames for both sides.

# %%
pairs = [(name, "replacement") for name in balancing_strategies] + [
    (name, option) for name in difference_strategies for option in ("redraw_norms", "keep_trained_norms")]
both = {(name, option): differences.both_ways(published[name], option, train, tap, **way) for name, option in pairs}
on_scores = [effect for (name, option), sides in both.items()
             for effect in (*differences.score_effects(name, option, *sides),
                            differences.ranking_effect(name, option, *sides, data.pairs.t))]
scores_table = effects.table(on_scores)
scores_table

# %% mystnb={"image": {"alt": "Five panels, one per score: for each strategy and each of the scripts' ways a dot, the change of the mean score, with its interval; a dashed line marks no change."}, "figure": {"caption": "What each of the scripts' ways does to the scores of a strategy: the other way minus ours, with 95 % intervals. Left of the dashed line the scripts' way is worse, right of it better."}}
scores_plot = figures.score_effects(on_scores) if on_scores else None
scores_plot

# %% [markdown]
# ## Where a spread of 0.32 could come from
#
# The paper's B0 has a recall of 0.60 ± 0.32 in class 0. Random weights under BatchNorm statistics that belong to other
# weights are a plausible cause. Each channel is then shifted and scaled by numbers that have nothing to do with it. If
# that is so, the runs with the trained network's statistics scatter more than ours.

# %% mystnb={"image": {"alt": "Two panels, recall without and with an event: one marker a run for random features made our way and each of the scripts' ways, and a diamond with error bar for the paper."}, "figure": {"caption": "Recall of both classes in every single run with random features, our way and each of the scripts' ways, beside the paper's mean and standard deviation over 10 runs."}}
random_ways = {key: sides for key, sides in both.items() if key[0] in difference_strategies and key[1] != "replacement"}
spread_plot = figures.runs_both_ways(differences.runs_both_ways(random_ways), paper.table2()) if random_ways else None
spread_plot

# %% [markdown]
# ## Pretraining the scripts' way
#
# Two short trainings like the published one, with the learning rate in one cycle and in the scripts' many, and their
# accuracy on held-out pairs. And the augmentation: how much of an augmented crop lies outside the crop. Here such
# pixels are reflections, in one resampling. Two steps that fill with zeros would leave black corners, and those in one
# frame only could tell the frames apart.

# %%
schedules = (differences.schedule_runs(train, other, tap, schedule_pairs, schedule_test_pairs, **way)
             if schedule_pairs else ())
on_pretraining = differences.schedule_effects(*schedules) if schedules else []
on_pretraining += [effect for side in fill_sizes for effect in differences_fill.effects(side, fill_draws)]
effects.table(on_pretraining)

# %% [markdown]
# ## Rounding and spreads
#
# Fixed features are kept in 16 bit here. One head is trained on them and one on the unrounded features, alike in all
# else. How far another seed moves the predictions says how much that is. And a standard deviation by n is smaller than
# ours, by n − 1, by a factor that is known.

# %%
like = published[rounding_strategy]
rounded = differences_rounding.rounding_run(train, tap, like, rounding_pairs, **way) if rounding_pairs else None
on_numbers = differences_rounding.effects(rounded) if rounded else []
if len(like.results["test"]["seeds"]) > 1:
    on_numbers.append(differences.spread_effect(len(like.results["test"]["seeds"])))
effects.table(on_numbers)

# %% [markdown]
# ## All of them
#
# One table. *Effect* is the other way minus ours, unless the quantity is itself a change.

# %%
every_effect = measured + differences.in_brief(on_scores) + on_pretraining + on_numbers
effects_table = effects.table(every_effect)
effects_table

# %% [markdown]
# ## Provenance

# %%
plots = {"scores": scores_plot, "spread": spread_plot}
path = results.publish("11_differences", profile, movie, parameters,
                       differences.runs_by_role(published, both, schedules, rounded),
                       effects.numbers(every_effect + on_scores), {"train": train, "held-out": other},
                       {"effects": effects_table} | ({"scores": scores_table} if on_scores else {}),
                       {name: plot for name, plot in plots.items() if plot})
results.show_stamp(path)
