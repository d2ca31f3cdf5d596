# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Findings
#
# Every claim of the paper, every movie that this profile was run on, and the paper itself, side by side. Nothing is
# computed from a movie here: the run records that the notebooks before this one have published are read and judged.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile whose records are read, and under whose name the results are kept
movie: str = "synthetic"  # the movie under whose name they are kept; the records of all movies are read
mode: str = "execute"  # execute or restore: the same, since nothing is trained

# %%
from tapnb import figures
from tapnb.store import results
from tapnb.studies import claims, findings, forest
from tapnb.system import paths

parameters = results.parameters_of(globals())
records = findings.read(paths.results() / profile)
judged = {name: claims.judge(of_movie) for name, of_movie in records.items()}
print("movies:", ", ".join(records))

# %% [markdown]
# ## The claims
#
# *Reproduced*: every comparison that a claim consists of lies, with its whole 95 % interval, where the claim puts it. *Not
# reproduced*: one lies wholly on the other side. The comparison that decides stands behind the verdict.

# %%
claims_table = findings.verdict_table(judged)
results.show_table(claims_table)

# %% mystnb={"image": {"alt": "A panel a movie, a line a claim: the effect that decides with its 95 % interval, by its distance from the bound; blue discs are reproduced, vermillion squares not reproduced, open circles not decidable. Small grey diamonds are the same comparison in average precision."}, "figure": {"caption": "Every claim's deciding effect with its 95 % interval, as a distance from the bound: to the right is where the claim puts it. Grey diamonds: the same comparison in average precision, which decides no verdict; of several, the one whose interval begins lowest."}}
ranking = {name: forest.ranking_numbers(paths.results() / profile / name) for name in records}
effects = forest.rows(judged, ranking)
forest_plot = figures.forest(effects)
forest_plot

# %% [markdown]
# ## The arrow and the events
#
# The two things that the paper measures: how often the network tells which of two held-out crops came first, and how
# well events are recognised. A: TAP features, fixed; B: random ones, fixed; C: random ones, trained end to end. 0: linear
# head, 1: ResNet head.

# %% mystnb={"image": {"alt": "Left: accuracy of the time arrow on held-out crops of 48 and 96 pixels, for the paper and each movie, with 95 % intervals; a dotted line marks chance. Middle: F1 of the event class for the six strategies, for the paper and each movie, with standard deviations over runs. Right: average precision, for each movie."}, "figure": {"caption": "Left: time arrow told on uniform crops of the held-out movie, with 95 % intervals (paper: spread of three draws). Middle: F1 of the event class on the test pairs, mean and standard deviation over runs; the paper's is that of its mean precision and recall. Right: average precision, which no threshold decides and the paper does not give."}}
arrow, strategies = findings.arrow(records), findings.strategies(records)
overview_plot = figures.findings(arrow, strategies)
overview_plot

# %%
strategies_table = findings.strategies_table(strategies)
strategies_table

# %% [markdown]
# ## Provenance

# %%
path = results.publish("13_findings", profile, movie, parameters, {}, findings.numbers(judged, strategies), {},
                       {"claims": claims_table, "strategies": strategies_table, "effects": effects.round(4)},
                       {"overview": overview_plot, "forest": forest_plot})
results.show_stamp(path)
