# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Events
#
# Who owns a movie counts events, not crops. A detector looks at whole frame pairs and lists divisions and deaths, each
# with a place, a time and a score. It is trained on one movie and judged on another, with TAP features or random ones,
# fixed or trained on. Beside it stand controls that learn nothing, and the paper's own head A1 at every window of the
# movie. Not in the paper.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
device: str = "auto"  # auto, cuda, mps or cpu
event_strategies: list[str] = ["A", "B", "C", "D"]  # TAP fixed, random fixed, random trained, TAP trained on
event_seeds: list[int] = [20, 40, 60]  # one run each
event_steps: int = 800  # training steps of 16 crop pairs
event_heads: str = ""  # the profile whose trained head A1 is tried as well; empty: this one
event_few_strategies: list[str] = ["A", "C", "D"]  # those that are trained from few labels as well
event_few_labels: list[int] = [1, 2, 5, 10, 25, 50]  # so many labelled events; none: nothing is trained from few
event_few_draws: int = 5  # each drawn so often
event_few_steps: int = 400  # training steps with few labels
event_ask_strategy: str = "D"  # of the detectors that learn from answers: that of `tapnb events`
event_ask_start: int = 5  # labelled events before the first answer
event_ask_places: int = 40  # places that are asked about in a round
event_ask_rounds: int = 2  # of asking
event_ask_draws: int = 3  # of the labelled events before; 0: nobody is asked
event_negative_strategy: str = "D"  # of the detectors that learn from other negatives
event_negative_labels: int = 5  # labelled events of each
event_negative_draws: int = 3  # of them; 0: other negatives are not tried
event_pictures: int = 12  # mistakes of each kind that are shown

# %%
from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import (event_asking, event_candidates, event_controls, event_ends, event_few, event_negatives,
                           event_probabilities, event_scores, event_windows, events)
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie)
on = devices.choose(device)
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
true = events.true_events(other)
print(f"trained on {train.name}, searched {other.name}: {len(other.frames)} frames with "
      + " and ".join(f"{n} {kind}s" for kind, n in true["kind"].value_counts().items()))

# %% [markdown]
# ## Training
#
# The last fifth of the training movie's frames is held back. The weights that do best there are kept, and the threshold
# is the one with the best F1 there. Controls take their threshold from the whole training movie.

# %%
command = f"tapnb run 14_events --profile {profile} --movie {movie} --mode execute"
settings = event_scores.detector_settings(parameters, train)
heads = runs.find(results.published_run(event_heads or profile, movie, "06_strategies", "A1"))
controlled = [event_controls.control_run(train, other, mode=mode, command=command),
              event_windows.window_run(heads, train, other, mode=mode, on=on, command=command),
              event_candidates.candidate_run(tap, train, other, mode=mode, on=on, command=command)]
trained = {name: [events.detector_run(name, train, tap, settings, other, seed=seed, mode=mode, on=on, command=command)
                  for seed in event_seeds] for name in event_strategies}
trainings = event_scores.trainings_table(trained)
trainings

# %% [markdown]
# ## How many are found
#
# A found event is right if it lies less than 15 pixels and at most 6 frames from a true one of its kind, one to one. 95 %
# intervals: events resampled, runs by Student's t; with one run an interval is that of this very run.

# %%
judged = event_scores.judged(trained, controlled, other)
estimated = event_scores.estimates(judged)
scores_table = event_scores.scores_table(estimated, published=other.name.startswith("hela"))
scores_table

# %% mystnb={"image": {"alt": "For every detector and control four marks with error bars: average precision, F1 at the threshold chosen on the training movie under both rules, and F1 at the best threshold."}, "figure": {"caption": "Detectors, and controls in italics, on the movie that was never seen, with 95 % intervals."}}
events_plot = figures.event_scores(estimated, event_scores.MEASURES, event_scores.control_names(controlled))
events_plot

# %%
compared = event_scores.comparisons(judged)
comparisons_table = event_scores.comparisons_table(compared)
comparisons_table

# %% mystnb={"image": {"alt": "Curves of recall against false alarms per frame, on a logarithmic axis, one a detector and dashed ones for controls."}, "figure": {"caption": "Recall against false alarms per frame at every threshold, first run of each; dashed: controls."}}
free_response = event_scores.free_response(judged)
response_plot = figures.free_response(free_response, event_scores.control_names(controlled))
response_plot

# %% [markdown]
# ## Without unexplained track ends
#
# Tracks that end inside the image without daughters may be divisions that nobody linked. What is found there counts as a false alarm
# by the published rule; here it is left out. Empty where the movie has no lineage.

# %%
ends = event_ends.scored(trained, other)
ends_table = event_ends.table(ends)
ends_table

# %% [markdown]
# ## What probabilities are worth
#
# Scores become probabilities by two numbers a kind, fitted on the last fifth of the training movie. Here is what they promise on the
# movie that was never seen: their sum over all places, which should be the number of events among these. First run of each.

# %%
promised = event_probabilities.worth(trained, train, other)
promised_table = event_probabilities.table(promised)
promised_table

# %% [markdown]
# ## Where to look first
#
# Without any label a list can only say where to look first: *candidates* follow the network's answer "which frame came first?" back to
# places, controls follow pixels. How many of the first are events of whatever kind, with 95 % intervals of the last share.

# %%
without_labels = [controlled[0], controlled[2]]  # windows of A1 are a head that has learnt from labels
counted_firsts = event_candidates.firsts(without_labels, other)
firsts_table = event_candidates.firsts_table(counted_firsts)
firsts_table

# %% [markdown]
# ## From few labels
#
# Detectors that learnt from a few labelled events of the training movie, drawn at random, and from reversed frame pairs, which
# hold none: what is not labelled may be an event. Steps are chosen on the last fifth, as with every label. All kinds together.

# %%
few = [(name, event_few.few_run(name, labels, train, other, tap, parameters, mode=mode, on=on, command=command))
       for name, labels in event_few.all_labels(parameters)]
few_points = event_few.points(few, trained, other)
few_estimated = event_few.estimates(few_points)
few_table = event_few.table(few_estimated)
few_table

# %% mystnb={"image": {"alt": "Average precision against the number of labelled events, on a logarithmic axis, a line a strategy, with error bars."}, "figure": {"caption": "Average precision on the movie that was never seen, against the labelled events that were learnt from, with 95 % intervals over draws of labels and over events."}}
few_plot = figures.events_from_few_labels(few_estimated)
few_plot

# %%
few_compared = event_few.differences(few_points)
few_differences = event_few.differences_table(few_compared)
few_differences

# %%
few_needed = [one for labels in event_few_labels for one in event_few.needed(few_points, at=labels)]
print("\n".join(f"{one.second} needs {one.text} labelled events to be as good as {one.first} with {one.at}"
                for one in few_needed) or "How many labels pretraining saves cannot be read off: too few numbers were tried, or more do not help the second.")

# %% [markdown]
# ## With answers
#
# A detector that has learnt from few labels lists places of its own movie. Some are asked about, and it is trained again
# with the answers: those of which it is least sure, or any of them. What is known of the movie answers; an event that nobody
# labelled is answered "none". As above, all events of the last fifth are known and say which steps and threshold to keep.

# %%
asks = event_asking.Setting(train, other, tap, parameters, mode, on, command)
answering = {step: event_asking.detector_run(step, asks) for step in event_asking.steps(parameters)}
asked = {step: event_asking.asked_run(step, asks) for step in event_asking.asking(parameters)}
ask_points = event_asking.points(answering, parameters, other)
ask_estimated, ask_gains = event_few.estimates(ask_points), event_asking.gains(ask_points)
ask_table = event_asking.table(ask_estimated, ask_gains, asked)
ask_table

# %% mystnb={"image": {"alt": "Average precision against the number of answered places, a line for places of which the detector is least sure and one for random places, with error bars."}, "figure": {"caption": "Average precision on the movie that was never seen, against the places that were answered, with 95 % intervals over draws of the first labels and over events."}}
ask_plot = figures.events_from_answers(ask_estimated)
ask_plot

# %% [markdown]
# ## What is taken for no event
#
# With few labels, what is not labelled may be an event. Reversed frame pairs hold none for certain. Here the same labelled events are
# learnt from with three kinds of crops beside them.

# %%
of_negatives = {(way, draw): event_negatives.detector_run(way, draw, train, other, tap, parameters, mode=mode, on=on, command=command)
                for way, draw in event_negatives.steps(parameters)}
negative_points = event_negatives.points(of_negatives, other)
negative_gains = event_negatives.differences(negative_points)
negative_table = event_negatives.table(negative_points, negative_gains)
negative_table

# %% [markdown]
# ## Mistakes of the best detector
#
# The surest false alarms, and the true events that got the lowest scores, each in the frame before and in its own.

# %% mystnb={"image": {"alt": "Pairs of 64-pixel crops of two consecutive frames: false alarms above, missed events below, with the frame and the score."}, "figure": {"name": "fig-event-mistakes", "caption": "The surest false alarms and the events that were missed by most, of the detector with the highest average precision: the frame before, and the event's own."}}
best = max((one for one in judged if one.name in trained), key=lambda one: one.average_precision.runs.mean(), default=None)
mistakes = event_scores.mistakes(best, other, event_pictures) if best else {}
(figures.event_mistakes(other, mistakes) if any(map(len, mistakes.values()))
 else "There is no mistake to show." if best else "No detector has been trained.")

# %% [markdown]
# ## Provenance

# %%
roles = {"event controls": controlled[0], "windows of A1": controlled[1], "candidates": controlled[2]} | {
    f"detector {name}, seed {run.record['seed']}": run for name, own in trained.items() for run in own} | {
    event_few.role(name, labels): run for (name, labels), (_, run) in zip(event_few.all_labels(parameters), few)} | {
    step.role: run for step, run in answering.items()} | {step.asked_role: run for step, run in asked.items()} | {
    event_negatives.role(way, draw): run for (way, draw), run in of_negatives.items()}
path = results.publish("14_events", profile, movie, parameters, {"tap": tap} | roles,
                       event_scores.numbers(estimated, judged, compared)
                       | event_probabilities.numbers(promised) | event_ends.numbers(ends, other)
                       | event_candidates.numbers(counted_firsts, without_labels)
                       | event_few.numbers(few_estimated, few_compared, few_points, few_needed)
                       | event_asking.numbers(ask_estimated, ask_gains, ask_points)
                       | event_negatives.numbers(negative_points, negative_gains), {"train": train, "held-out": other},
                       {"scores": scores_table, "comparisons": comparisons_table, "trainings": trainings,
                        "probabilities": promised_table, "ends": ends_table, "firsts": firsts_table,
                        "free_response": free_response.round(4), "few": few_table, "few_differences": few_differences, "answers": ask_table,
                        "negatives": negative_table},
                       {"scores": events_plot, "free_response": response_plot, "few": few_plot, "answers": ask_plot})
results.show_stamp(path)
