# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Errors
#
# Which crops does the best strategy of the paper, A1, get wrong, and when in the movie? The paper's Table 3 and Figures 3
# and 4, the error rates that these leave out, and the mistakes that the network is surest of. Nothing is trained here:
# the predictions are those that notebook 06 published for the same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read (nothing is trained here)
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
run_seed: int = 0  # seed of the run of A1 that is looked at; 0: the first
pairs_per_bin: int = 100  # frames are joined until they hold so many pairs of a class, where its error rate is shown
gallery_places: int = 8  # most confident mistakes of each kind that are shown

# %%
import numpy as np

from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import errors, limitations, paper, strategies

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
a1 = runs.find(results.published_run(profile, movie, "06_strategies", "A1"))
data = strategies.dataset_of(a1, train)
seed, counts = errors.one_run(a1, run_seed)  # (T, 4)
tested = errors.tested(strategies.predictions(a1).query("seed == @seed"), data)
print(f"{a1.name}, seed {seed}: {len(tested)} test pairs, {tested['label'].sum()} of them positive")

# %% [markdown]
# ## Table 3
#
# The paper's is one run as well, on 19 000 test pairs. Class 1 is "event". With another share of positives the same
# recalls give another precision.

# %%
here, theirs = counts.sum(axis=0), np.array(list(paper.TABLE3.values()))
table3 = errors.table3(here, theirs)
table3

# %% mystnb={"image": {"alt": "Two 2 by 2 matrices, ours and the paper's: rows are the actual class, columns the predicted one; every field gives the count and its share of the actual class."}, "figure": {"caption": "The paper's Table 3 as a picture: counts of true negatives (TN), false positives (FP), false negatives (FN) and true positives (TP), and their share of the actual class.", "name": "fig-nb-confusion"}}
confusion_plot = figures.confusion_matrices({f"here, A1, seed {seed}": here, "paper": theirs})
confusion_plot

# %% [markdown]
# ## Figures 3 and 4: where in time
#
# Each line is divided by its own total: it says where the mistakes are, not how often one is made. The paper sees true
# positives follow the ground truth. Early in the movie, up to about frame 20, it sees more of the false positives than
# of the true ones.

# %% mystnb={"image": {"alt": "Three lines over the frame index, each in per cent of its own total: false positives, true positives and ground-truth positives."}, "figure": {"caption": "As the paper's Figure 3: how false positives, true positives and all positives are spread over the movie, each in per cent of its own total.", "name": "fig-nb-false-positives"}}
shares = errors.shares_over_time(counts)
figure3 = figures.shares_over_time(shares, ("false positives", "true positives", "positives"))
figure3

# %% mystnb={"image": {"alt": "Three lines over the frame index, each in per cent of its own total: false negatives, true negatives and ground-truth negatives."}, "figure": {"caption": "As the paper's Figure 4: how false negatives, true negatives and all negatives are spread over the movie, each in per cent of its own total.", "name": "fig-nb-false-negatives"}}
figure4 = figures.shares_over_time(shares, ("false negatives", "true negatives", "negatives"))
figure4

# %% [markdown]
# The same in numbers. *At the start*: what lies in the first 20 of 95 frame pairs, or that part of another movie. *Has to
# move*: the part that would have to lie in other frames for the two to be spread alike.

# %%
spread_table = errors.spread_table(shares)
spread_table

# %% [markdown]
# ## How often
#
# A rate divides the mistakes by the pairs of the class in which they can be made. Where there are few positives, false
# positives are a larger share of everything without being more frequent among the negatives. Wilson's 95 % intervals.
# They take the pairs as independent; crops overlap, so they are somewhat too short.

# %% mystnb={"image": {"alt": "Two panels over the frame index: false positives per negative and false negatives per positive in per cent, one point with error bars for each group of consecutive frames, and a dashed line at the mean."}, "figure": {"caption": "Error rates over time, with 95 % intervals: false positives among the negatives (top) and false negatives among the positives (bottom). A horizontal bar spans the frames that were joined; a pale dot is a single frame pair.", "name": "fig-nb-error-rates"}}
rates = errors.rates_over_time(counts, pairs_per_bin)
per_frame = errors.rates_over_time(counts, 0)
rates_plot = figures.error_rates(rates, per_frame)
rates_plot

# %%
early = errors.early_and_late(counts)
start_table = errors.start_table(early)
start_table

# %% [markdown]
# ## The surest mistakes
#
# The mistakes with the largest difference between the two logits. Of crops that overlap, only the surest is shown.
# Below each stands what it holds. For a false negative that is the class and its labelled pixels, for a false positive
# the kinds of look-alike that notebook 10 counts.

# %% mystnb={"image": {"alt": "Pairs of 48-pixel crops of consecutive frames, false positives above and false negatives below, labelled pixels outlined, with frame numbers, the probability of an event and what the crop holds."}, "figure": {"caption": "The most confident mistakes of each kind: both frames, labelled pixels outlined (blue: division, vermillion: death), and the probability that A1 gives to an event, with the difference of the logits.", "name": "fig-nb-surest"}}
held = limitations.kinds(train, data, tested["pair"].to_numpy())
surest = {kind: errors.surest(tested, kind, gallery_places, data.pairs.size) for kind in ("fp", "fn")}
surest = {kind: rows.assign(holds=limitations.in_words(train, data, held, rows["pair"]))
          for kind, rows in surest.items()}
(figures.surest_mistakes(train, surest["fp"], surest["fn"], data.pairs.size) if len(surest["fp"]) + len(surest["fn"])
 else "This run makes no mistake on its test pairs: there is none to show.")

# %% [markdown]
# ## Provenance

# %%
numbers = errors.numbers(a1, seed, counts, rates)
path = results.publish("07_errors", profile, movie, parameters, {"A1": a1}, numbers,
                       {"train": train, "held-out": other},
                       {"table3": table3, "spread": spread_table, "start": start_table, "rates": rates.round(4),
                        "rates_per_frame": per_frame.round(4), "shares": shares.reset_index().round(3)},
                       {"confusion": confusion_plot, "figure3": figure3, "figure4": figure4, "rates": rates_plot})
results.show_stamp(path)
