# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Calibration
#
# Of a hundred crop pairs that a head calls events with probability 0.8, are eighty events? The paper's Figure 5:
# linear and ResNet head on TAP features, before and after temperature scaling. Nothing is trained here: the
# predictions are those of A0 and A1 that notebook 06 published for the same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division

# %%
import pandas as pd

from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import calibration

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
strategies = {head: runs.find(results.published_run(profile, movie, "06_strategies", name))
              for head, name in calibration.HEADS.items()}

# %% [markdown]
# ## The temperature
#
# One number T > 0 that divides both logits. It is fitted on the validation pairs, where it makes the labels
# likeliest. It changes no answer, only how sure the head is of it: T above 1 says that it was too sure. One fit a
# run; where runs differ tenfold, look at the median and the range.

# %%
run = calibration.calibration_run(
    strategies, train, mode=mode,
    command=f"tapnb run 09_calibration --profile {profile} --movie {movie} --mode execute")
print(calibration.describe(run.results))
calibration.temperatures(run.results).round(3)

# %% [markdown]
# ## Figure 5 in numbers
#
# On the test pairs, mean and standard deviation over the runs. ECE: mean distance between confidence and frequency in
# 15 bins. One is over the probability of the likelier class, as in the scripts, the other over that of an event (class
# 1). NLL: mean negative log-likelihood, in nats. Brier: mean squared error. The second table has what was fitted and
# the share of events that are still called so. It also has the ECE of the scripts, on the validation pairs that T was
# fitted on.
#
# Three further rows a head. *Factor on p* is what the paper's sentence says: a factor on the probability of an event
# that minimises its ECE. It moves answers too: a factor below one half calls nothing an event. *Share of events* is not
# in the paper. Heads learn from balanced pairs, so the log-odds of the share of events among the validation pairs are
# added to theirs. Nothing is fitted. *Scale and offset* (Platt's scaling) fits both at once, by likelihood.

# %%
measures_table = calibration.measures_table(run.results)
measures_table

# %%
fits_table = calibration.fits_table(run.results)
fits_table

# %% mystnb={"image": {"alt": "Reliability diagrams of linear and ResNet head, as trained, after temperature scaling, and after a scale and an offset: share of events against mean probability in 15 bins with 95 % intervals, the diagonal dashed, and below each diagram the number of crop pairs in every bin."}, "figure": {"caption": "Reliability diagrams on the test pairs: share of events against the probability of an event. On the dashed diagonal a probability means what it says; below it events are announced too surely. In full the first seed, with Wilson's 95 % intervals; thin lines: the other seeds. Below: crop pairs in each bin, on a logarithmic axis.", "name": "fig-nb-reliability"}}
diagram = pd.concat([calibration.bins(run.results), calibration.cured_bins(strategies)], ignore_index=True)
reliability_plot = figures.reliability(diagram)
reliability_plot

# %% mystnb={"image": {"alt": "Four bar charts in the form of the paper's Figure 5, linear and ResNet head before and after temperature scaling: five bins of the sigmoid of logit 1, the share of events found in each, the dashed diagonal and the calibration error in the corner."}, "figure": {"caption": "The paper's Figure 5 as the authors' scripts draw it, first seed, validation pairs: a bar is the share of its pairs that are events and are recognised, the number above it counts the pairs. Bars below one half must be low, since the answer there is mostly no event: the diagonal is not what a calibrated head would reach in this form.", "name": "fig-nb-reliability-paper"}}
paper_plot = figures.paper_reliability(calibration.bins(run.results, "paper_form"))
paper_plot

# %% [markdown]
# ## What the paper says of it
#
# T lowers the ECE of either head, and the ResNet head is better calibrated to begin with. Differences on the test
# pairs, mean over the runs, with 95 % intervals: blocks of frames are resampled, the variance between runs is added.
# Above 0 is what the paper finds.
#
# ECE is never negative, so few pairs push it up. The second table has what chance alone gives: the ECE that a head
# with these very probabilities would show if they were all true.
#

# %%
differences_table = calibration.differences_table(run.results)
differences_table

# %%
chance_table = calibration.chance_table(run.results)
chance_table

# %% [markdown]
# ## Provenance

# %%
path = results.publish("09_calibration", profile, movie, parameters, {"calibration": run}, calibration.numbers(run),
                       {"train": train, "held-out": other},
                       {"measures": measures_table, "fits": fits_table, "differences": differences_table,
                        "chance": chance_table},
                       {"reliability": reliability_plot, "paper_form": paper_plot})
results.show_stamp(path)
