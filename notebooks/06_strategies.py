# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Strategies
#
# Do features that learned the arrow of time recognise events better than random features, or than a network trained
# on the labels alone? The paper's Table 2. The features come from the pretraining that notebook 02 published for the
# same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
crops_per_frame_pair: int = 1000  # crops drawn from every pair of consecutive frames (paper: 1000)
criterion: str = "size filter, either"  # labelling criterion of Table 5
area_threshold: int = 40  # labelled pixels from which a crop passes the size filter (paper: 40)
count_values: bool = False  # the scripts' way: a pixel of a death counts twice
replacement: bool = False  # the scripts' way: balance by drawing with replacement
redraw_norms: bool = False  # the scripts' way: BatchNorm scales of random features from N(0, 1)
keep_trained_norms: bool = False  # the scripts' way: random weights under the trained network's BatchNorm statistics
training_pairs: int = 0  # keep at most this many balanced training pairs; 0: all
split: str = "random"  # how pairs are told apart into training, validation and test (paper: random)
batch: int = 108  # training pairs a step (scripts: 108)
head_rate: float = 0.001  # learning rate of the head (scripts: 0.001)
backbone_rate: float = 0.001  # that of the features, where they are trained (scripts: 0.001)
test_pairs: int = 0  # test on at most this many pairs; 0: all
validation_pairs: int = 0  # predict at most this many validation pairs, for calibration; 0: all
validated: list[str] = ["A0", "A1"]  # strategies that predict validation pairs: calibration takes A0 and A1
strategies: list[str] = ["A0", "A1", "B0", "B1", "C0", "C1"]  # rows of Table 2
seeds: list[int] = [20, 40, 60, 80, 100, 120, 140, 160, 180, 200]  # one run each
linear_epochs: int = 10  # epochs of the linear head (paper: 10)
resnet_epochs: int = 30  # epochs of the ResNet head (paper: 30)

# %%
from tapnb import figures, models
from tapnb.dataset import DatasetSettings
from tapnb.metrics import ranking, scores, thresholds
from tapnb.movies import catalogue
from tapnb.settings import chosen
from tapnb.store import results, runs
from tapnb.studies import paper, strategies_controls, tables
from tapnb.studies.strategies import (dataset_of, head_settings, numbers, predictions, pretraining_table,
                                      ranking_table, scores_of_runs, strategy_run)
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
on = devices.choose(device)
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
pretraining_table(tap)

# %% [markdown]
# ## Training and testing
#
# Fixed features are computed once and shared by all epochs and, for TAP, by all runs. A run's seed fixes the initial
# weights of its head and of its random U-Net. Crops, split and the order of the pairs are the same in all of them.

# %%
command = f"tapnb run 06_strategies --profile {profile} --movie {movie} --mode execute"
trained = {name: strategy_run(
    name, train, tap, chosen(DatasetSettings, parameters), head_settings(name, parameters), seeds=seeds,
    test_pairs=test_pairs or None, validation_pairs=(validation_pairs or None) if name in validated else 0,
    mode=mode, on=on, command=command)
    for name in strategies}
answers = {name: predictions(run) for name, run in trained.items()}
per_run = scores_of_runs(answers)

# %% [markdown]
# ## Table 2
#
# A: TAP features, fixed. B: random ones, fixed. C: random ones, trained end to end. D, not in the paper: TAP features,
# trained end to end. 0: linear head, 1: ResNet head. Mean and standard deviation over the runs, on the test pairs; class 0
# is "no event", class 1 is "event". The paper's value stands below ours; the best of each column is bold, among ours and
# among the paper's, if it is clear of the next beyond their spreads.

# %%
reference = paper.table2()
table2 = tables.strategies(trained, reference)
results.show_table(table2)

# %% [markdown]
# Ours minus the paper's, with a 95 % interval of frames and runs, and of the paper's runs:

# %%
reference = reference.loc[[name for name in strategies if name in reference.index]]
features = [f"{name[0]}: {features}" for name, features in reference["features"].items()]
against_paper = tables.side_by_side(tables.against_paper(trained, reference), features, list(reference["head"]))
against_paper

# %% mystnb={"image": {"alt": "Four panels, one per score: for each strategy one dot per run here and a diamond with error bar for the paper's mean and standard deviation."}, "figure": {"caption": "The paper's Table 2 as a picture: precision and recall of both classes, one dot a run, beside the paper's mean and standard deviation."}}
scores_plot = figures.strategy_scores(per_run, reference.reindex(strategies))
scores_plot

# %% [markdown]
# ## Whatever the threshold
#
# Not in the paper: average precision asks in which order a strategy puts the test pairs, and not from which probability on
# it calls them an event. Differences of the mean over runs, with 95 % intervals of frames and runs:

# %%
first_frames = dataset_of(trained[strategies[0]], train).pairs.t
ranked = ranking.precision_differences(answers, first_frames)
ranked_table = ranking_table(ranked)
ranked_table

# %% [markdown]
# Beside controls, which need no network: trained on the same pairs where they learn, and asked about the same test pairs.

# %%
controlled = strategies_controls.controls_run(train, parameters, mode=mode, command=command)
beside = strategies_controls.ranked(answers, controlled, first_frames)
beside_table = strategies_controls.table(beside)
beside_table

# %% [markdown]
# F1 of the event class at three thresholds. The second is chosen on validation pairs, which only the strategies in
# `validated` were asked about. The third calls as many test pairs events as there are, so that precision and recall are
# equal.

# %%
f1 = {name: scores.mean_and_spread(thresholds.f1_per_run(of_one)) for name, of_one in answers.items()}
f1_by_threshold = thresholds.table(f1)
f1_by_threshold

# %% [markdown]
# ## Figure 7
#
# The head of A1, B1 and C1, drawn from the very module that is trained.

# %% mystnb={"image": {"alt": "The layers of the ResNet head from top to bottom: each frame by itself through a 3 x 3 convolution with BatchNorm and ReLU, then two more convolutions with BatchNorm; an arrow leads round these two to a sum; then ReLU, the mean over the two frames and a linear layer to two logits. Tensor shapes stand on the edges, numbers of weights beside the boxes."}, "figure": {"caption": "The paper's Figure 7, drawn from the module itself: N crop pairs, so 2N frames; the orange arrow is the identity shortcut."}}
resnet_head = figures.layers(models.ResNetHead())
resnet_head

# %% [markdown]
# ## Provenance

# %%
path = results.publish("06_strategies", profile, movie, parameters, {"tap": tap} | trained | {"controls of these pairs": controlled},
                       numbers(trained, answers, ranked, f1) | strategies_controls.numbers(beside, trained, controlled),
                       {"train": train, "held-out": other},
                       {"table2": table2, "less_the_paper": against_paper, "ranking": ranked_table, "controls": beside_table,
                        "thresholds": f1_by_threshold, "runs": per_run.round(6)},
                       {"table2": scores_plot, "resnet_head": resnet_head})
results.show_stamp(path)
