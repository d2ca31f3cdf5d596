# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Evidence
#
# Strategies trained to their end, beside controls that need no network, judged on the movie that none of them has seen.
# What is asked and how it is judged was fixed before: see the page Protocol.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
device: str = "auto"  # auto, cuda, mps or cpu
crops_per_frame_pair: int = 1000  # crops drawn from every pair of consecutive frames (paper: 1000)
evidence_strategies: list[str] = ["A1", "P1", "D1", "C1", "B1", "A0", "B0", "C0", "D0"]  # rows, in the order of training
evidence_seeds: list[int] = [20, 40, 60, 80, 100]  # one run each
evidence_label_shares: list[float] = []  # shares below 1 of the labelled events that are known, for trainings with few
evidence_label_draws: int = 3  # draws of which events these are
evidence_label_steps: int = 32  # an epoch of these has at least so many steps, however few pairs there are
evidence_label_strategies: list[str] = ["A1", "C1", "D1"]  # what is trained with few labels
evidence_beside: list[str] = []  # profiles with another pretraining, whose runs of this notebook are set beside these
evidence_training_pairs: int = 0  # keep at most this many balanced training pairs; 0: all
evidence_labelled_share: float = 0.8  # share of the events that are labelled; the others are for testing only
evidence_batch: int = 32  # training pairs a step
evidence_patience: int = 2  # epochs without a lower validation loss after which a training ends
evidence_test_pairs: int = 0  # random test pairs, at most; 0: all
evidence_validation_pairs: int = 0  # validation pairs that a threshold is chosen on, at most; 0: all
evidence_held_out_pairs: int = 0  # test pairs of the held-out movie, at most; 0: all

# %%
from tapnb import figures
from tapnb.dataset import event_dataset
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import controls, event_few, evidence, evidence_beyond, evidence_few, evidence_pretrainings, evidence_runs, evidence_thresholds
from tapnb.studies import evidence_beside as pretrainings
from tapnb.studies import paper
from tapnb.studies.strategies import pretraining_table
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie)
on = devices.choose(device)
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
pretraining_table(tap)

# %% [markdown]
# ## Training
#
# All strategies get the same training pairs and are asked about the same test pairs. A training ends when the loss on 1000
# balanced validation pairs has not fallen for `evidence_patience` epochs, and keeps the weights of its lowest.

# %%
command = f"tapnb run 15_evidence --profile {profile} --movie {movie} --mode execute"
controlled = evidence_runs.controls(train, other, parameters, mode=mode, command=command)
trained = {name: evidence_runs.trained(name, train, other, tap, parameters, mode=mode, on=on, command=command)
           for name in evidence_strategies}
course = evidence.curves(trained)

# %% mystnb={"image": {"alt": "A panel a strategy: training loss, dotted, and validation loss, solid, against training steps; a dot marks the epoch whose weights were kept, a dashed line what a coin has."}, "figure": {"caption": "Every training to its end: loss on training pairs (dotted) and on balanced validation pairs (solid), one line a run; the dot is the epoch whose weights were kept, dashed the loss of a coin."}}
curves = figures.head_curves(course)
curves

# %% [markdown]
# ## How well pairs are ranked
#
# Average precision with 95 % intervals: events resampled with all their crops, runs by Student's t. Names in italics are
# controls. Events *never labelled* have no crop in training or validation that shows most of them.

# %%
answers = evidence.answers_of(trained, controlled)
data = event_dataset(train, evidence_runs.dataset_settings(parameters))
parts = evidence.asked(answers, data, evidence_runs.held_out_dataset(other, parameters))
by_part = {part: evidence.resampled(asked) for part, asked in parts.items()}
estimates = evidence.estimates(by_part)
ranked = evidence.ranking_table(estimates, {name: len(one.runs) for name, one in by_part["held-out"].items()},
                                evidence.kept_steps(course))
ranked

# %% mystnb={"image": {"alt": "For every strategy and control four marks with error bars on an axis of average precision: on the held-out movie, on random test pairs, and on those of labelled events and of events never labelled."}, "figure": {"caption": "Average precision of the event class with 95 % intervals, the best on the held-out movie first; names in italics are controls that need no network."}}
average_precisions = figures.average_precisions(estimates, evidence.PARTS, list(controls.CONTROLS))
average_precisions

# %% [markdown]
# ## Primary comparisons
#
# On the held-out movie, given this pretraining; p-values after Holm's correction for the seven comparisons of the protocol, also
# for those that are not made yet.

# %%
comparisons = evidence.primary(parts["held-out"], by_part["held-out"])
primary_table = evidence.primary_table(comparisons)
primary_table

# %% [markdown]
# ## Beyond the protocol
#
# Differences in average precision with 95 % intervals: both heads on features of the same kind, other features under the linear
# head, and A1 against the other controls. Exploratory: no correction.

# %%
beyond = evidence_beyond.differences(by_part)
beyond_table = evidence_beyond.table(beyond)
beyond_table

# %% [markdown]
# ## On other pretrainings
#
# Strategies on TAP features, minus themselves on the pretrainings of the profiles `evidence_beside`. Exploratory: no correction, and
# one pretraining each.

# %%
own = pretrainings.Pretraining(profile, tap, trained, by_part)
others = pretrainings.others(evidence_beside, movie, own, data, evidence_runs.held_out_dataset(other, parameters))
besides = pretrainings.differences(own, others)
besides_table = pretrainings.table(besides)
besides_table

# %% [markdown]
# Three or more whose settings differ in the seed alone, together: average precision on the held-out movie, given no single
# pretraining. Each counts once, with the mean of its heads.

# %%
seeded = evidence_pretrainings.alike(own, others)
over = evidence_pretrainings.scored(seeded)
over_table = evidence_pretrainings.table(over, seeded)
over_table

# %% [markdown]
# ## F1 on the held-out movie

# %%
f1 = evidence_thresholds.f1_table(evidence_thresholds.f1_scores(answers), evidence.kept_steps(course))
f1

# %% [markdown]
# ## Table 2, trained to the end
#
# The paper's own entries, at a probability of one half: precision and recall of both classes, first on the held-out movie, then on
# random test pairs. Controls that are a single number have no probability.

# %%
table2_held_out = evidence_thresholds.table2(answers, evidence.kept_steps(course), "held-out")
table2_held_out

# %%
table2_test = evidence_thresholds.table2(answers, evidence.kept_steps(course), "test", paper.table2())
table2_test

# %% [markdown]
# ## From few labels
#
# Every training here knows a share of the labelled events only, drawn at random; crops of all others are in no training or
# validation part. A larger share of a draw holds the events of a smaller. With all labels stand the trainings above, one a seed.
# The control is the one that is best with all labels.

# %%
shares = evidence_runs.few_labels(parameters)
few = [(name, labels, evidence_runs.trained_on_few(name, labels, train, other, tap, parameters, mode=mode, on=on, command=command))
       for labels in shares for name in evidence_label_strategies]
controlled_few = [(labels, evidence_runs.controls_on_few(labels, train, other, parameters, mode=mode, command=command))
                  for labels in shares]
whole = [(name, evidence_runs.ALL, run) for name in evidence_label_strategies if shares for run in trained.get(name, [])]
controlled_whole = [(evidence_runs.ALL, controlled)] if shares else []
few_points = evidence_few.points(few + whole, controlled_few + controlled_whole, data,
                                 evidence_runs.held_out_dataset(other, parameters), evidence_labelled_share)
few_estimated = evidence_few.estimates(few_points)
few_table = evidence_few.table(few_estimated)
few_table

# %% mystnb={"image": {"alt": "Average precision against the number of labelled events, on a logarithmic axis, a line a strategy or control, with error bars."}, "figure": {"caption": "Average precision on the held-out movie against the labelled events that were learnt from, with 95 % intervals over draws of labels and over events; dashed: a control."}}
few_plot = figures.pairs_from_few_labels(few_estimated)
few_plot

# %%
few_compared = evidence_few.differences(few_points)
few_differences = event_few.differences_table(few_compared)
few_differences

# %%
few_needed = evidence_few.needed(few_points, evidence_few.labelled(data, evidence_labelled_share, evidence_few.AT))
print("\n".join(f"{one.second} needs {one.text} labelled events to be as good as {one.first} with {one.at}"
                for one in few_needed) or "How many labels pretraining saves cannot be read off: too few shares were tried, or more do not help the second.")

# %% [markdown]
# ## Provenance

# %%
roles = {"controls": controlled} | {
    evidence.role(name, run): run for name, of_one in trained.items() for run in of_one} | {
    evidence_runs.role_of_few(name, labels): run for name, labels, run in few} | {
    evidence_runs.role_of_few("controls", labels): run for labels, run in controlled_few}
path = results.publish("15_evidence", profile, movie, parameters, {"tap": tap} | roles,
                       evidence.numbers(trained, controlled, parts, by_part, comparisons)
                       | evidence_beyond.numbers(beyond, trained, controlled)
                       | pretrainings.numbers(besides, own, others)
                       | evidence_pretrainings.numbers(over, seeded, controlled)
                       | evidence_few.numbers(few_estimated, few_compared, few_points, few_needed, evidence_few.labelled(data, 1.0)),
                       {"train": train, "held-out": other},
                       {"ranking": ranked, "primary": primary_table, "beyond": beyond_table, "beside": besides_table,
                        "over_pretrainings": over_table, "f1": f1,
                        "table2_held_out": table2_held_out, "table2_test": table2_test, "curves": course.round(5), "few": few_table, "few_differences": few_differences},
                       {"average_precisions": average_precisions, "curves": curves, "few": few_plot})
results.show_stamp(path)
