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
evidence_training_pairs: int = 0  # keep at most this many balanced training pairs; 0: all
evidence_labelled_share: float = 0.8  # share of the events that are labelled; the others are for testing only
evidence_batch: int = 32  # training pairs a step
evidence_patience: int = 2  # epochs without a lower validation loss after which a training ends
evidence_test_pairs: int = 0  # random test pairs, at most; 0: all
evidence_validation_pairs: int = 0  # validation pairs that a threshold is chosen on, at most; 0: all
evidence_held_out_pairs: int = 0  # test pairs of the held-out movie, at most; 0: all

# %%
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import evidence
from tapnb.studies.strategies import pretraining_table
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie)
on = devices.choose(device)
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
pretraining_table(tap)
