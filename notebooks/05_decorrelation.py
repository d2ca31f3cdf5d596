# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Decorrelation
#
# The paper's loss has a second term that asks the 32 feature channels to differ (Appendix A, Equation 5). This notebook
# measures what it does as it is written, as the authors' scripts compute it, and with channels scaled to unit length.
# The trained network is the one that notebook 02 published for the same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
decorrelation_sizes: list[int] = [16, 24, 32, 48, 64, 96]  # sides of the crops in pixels (paper: 96)
decorrelation_seeds: list[int] = [1, 2, 3]  # untrained networks and batches, one each
decorrelation_pairs: int = 8  # crop pairs in a batch
channel_pairs: int = 200  # held-out crop pairs of 48 pixels on which channels are compared
ablation_pairs: int = 6144  # crop pairs of each short training; 0: none
ablation_seeds: list[int] = [1]  # one short training of either kind each
ablation_test_pairs: int = 400  # held-out pairs of each kind for their accuracies

# %%
import pandas as pd

from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import decorrelation, decorrelation_channels
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
setting = dict(mode=mode, on=devices.choose(device),
               command=f"tapnb run 05_decorrelation --profile {profile} --movie {movie} --mode execute")
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
published = tap.record["parameters"]["settings"]
print(f"{tap.name}: {published['pairs']} crop pairs, {'unit-length' if published['unit_length'] else 'unscaled'} "
      "channels in its decorrelation term")

# %% [markdown]
# ## Two trainings that differ in nothing else
#
# Both have the recipe, the start and the crops of the published training, and a smaller budget. One has the term as the
# paper writes it, the other channels of unit length.

# %%
ablations = decorrelation.ablation_runs(tap, train, other, pairs=ablation_pairs, seeds=ablation_seeds,
                                        test_pairs=ablation_test_pairs, **setting)
run = decorrelation.decorrelation_run(tap, other, ablations, sizes=decorrelation_sizes, seeds=decorrelation_seeds,
                                      pairs=decorrelation_pairs, feature_pairs=channel_pairs, **setting)
terms, saturation = decorrelation.pulls(run.results), pd.DataFrame(run.results["saturation"])

# %% [markdown]
# ## Where the softmax saturates
#
# Medians of the products $z_i \cdot z_j / \tau$, of a channel with itself and with another, and the share of channels
# that the softmax has decided: won, $a_{ii} > 0.999$; lost, $a_{ii} < 0.001$; beyond the cap, $a_{ii} < 10^{-10}$. A
# decided channel that has won costs nothing and has no gradient.

# %%
saturation_table = decorrelation.saturation_table(saturation)
saturation_table

# %% mystnb={"image": {"alt": "Left: products of a channel with itself and with another channel, divided by tau, against the side of the crop on logarithmic axes, beside the side squared over tau. Right: for an untrained and a trained network on the movie and an untrained one on noise, stacked bars of the shares of channels that won, lost or are not decided, by side of the crop."}, "figure": {"caption": "How the softmax of Equation 5 saturates as the crop grows. Left: medians of the products; solid, untrained network on the movie; dashed, trained; dotted, untrained on noise. Right: channels that the softmax has decided.", "name": "fig-saturation-drawn"}}
saturation_plot = figures.decorrelation_saturation(saturation)
saturation_plot

# %% [markdown]
# ## Value and gradient
#
# Training mode, without augmentation. The last column of panels holds what an optimiser sees. It is $\lambda = 0.01$
# times the gradient of the term with respect to the network's weights, beside the gradient of the time-arrow loss. Zero
# is drawn as zero.

# %% mystnb={"image": {"alt": "Nine panels: value of the decorrelation term, norm of its gradient in the features, and lambda times the norm of its gradient in the weights, against the side of the crop; rows for an untrained and a trained network on the movie and an untrained one on noise; three forms of the term."}, "figure": {"caption": "The decorrelation term in three forms against the side of the crop: one dot a batch, lines at the median.", "name": "fig-decorrelation-drawn"}}
term_plot = figures.decorrelation_term(terms, saturation)
term_plot

# %%
pull_table = decorrelation.pull_table(terms)
pull_table

# %% [markdown]
# *Pull* is $\lambda$ times the norm of the term's gradient over that of the time-arrow loss, both with respect to the
# weights. Median, lowest and highest of the batches.
#
# ## What becomes of the channels
#
# Correlation of the 32 channels over all pixels of the same held-out windows. The effective rank of their covariance is
# 32 if all are equally strong and independent, and 1 if all are the same.

# %%
channels = run.results["channels"]
channel_table = decorrelation_channels.table(channels, {"trained": tap} | ablations)
channel_table

# %% mystnb={"image": {"alt": "Triangles of correlations between the 32 feature channels, in red and blue: an untrained network, the published one, and the short trainings with unscaled and with unit-length channels."}, "figure": {"caption": "Correlation of every pair of feature channels, over all pixels of held-out windows. Short trainings: those of the first seed.", "name": "fig-channels-drawn"}}
channel_plot = figures.channel_correlations(decorrelation_channels.of_first_seed(channels))
channel_plot

# %% [markdown]
# ## Provenance

# %%
roles = {"tap": tap, "decorrelation": run} | {f"ablation {name}": training for name, training in ablations.items()}
path = results.publish("05_decorrelation", profile, movie, parameters, roles, decorrelation.numbers(run, tap),
                       {"train": train, "held-out": other},
                       {"saturation": saturation_table, "pull": pull_table, "channels": channel_table},
                       {"saturation": saturation_plot, "terms": term_plot, "channels": channel_plot})
results.show_stamp(path)
