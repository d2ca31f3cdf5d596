# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Speed
#
# Time and memory, as `make bench` measured them. Nothing is computed here and no movie is opened: the measurements lie
# in `results/benchmarks.json`, and are the same for every profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # the movie under whose name they are kept; it is not opened
mode: str = "execute"  # execute or restore: the same, since nothing is computed
benchmarks: str = ""  # path of another file of measurements; empty: results/benchmarks.json

# %%
from tapnb import figures
from tapnb.store import results
from tapnb.studies import speed, speed_cost, speed_films, speed_growth, speed_memory, speed_precision, speed_units

parameters = results.parameters_of(globals())
measured = speed.read(speed.find(benchmarks))
machine_table = speed.machine(measured)
results.show_table(machine_table)

# %% [markdown]
# ## The plain way and ours
#
# Both ways are timed by turns, so that whatever else the machine does slows both. Times are medians for one of what
# the column *per* names; the ratio has in brackets the lowest and the highest of the repetitions.

# %%
rows_table = speed.rows(measured)
results.show_table(rows_table)

# %% mystnb={"image": {"alt": "A line for every row that was timed both ways: a blue dot at how many times as fast as the plain way it is, with the extremes of the repetitions, and an orange-red stroke at its goal, on a logarithmic axis."}, "figure": {"caption": "How many times as fast as the plain way, and the goals."}}
ratios_plot = figures.speed_ratios(speed.ratios(measured))
ratios_plot

# %%
sides_table = speed.sides(measured)
results.show_table(sides_table)

# %% [markdown]
# ## In float32 and in bf16
#
# Trainings take bf16 where the processor has units for it; features that are only evaluated are in float32 everywhere.

# %%
units_table = speed_units.table(measured)
results.show_table(units_table)

# %% [markdown]
# ## What else was measured with them

# %%
also_table = speed.also(measured)
results.show_table(also_table)

# %% [markdown]
# Goals that were not reached:

# %%
missed_table = speed.missed(measured)
results.show_table(missed_table)

# %% [markdown]
# ## How cost grows

# %% mystnb={"image": {"alt": "Two rows of five panels on logarithmic axes: seconds and peak memory against frames, frame size, crop pairs, seeds and threads, a line a series; a dotted line shows a cost in proportion."}, "figure": {"caption": "Seconds (medians, with the extremes) and peak memory. Dotted: a cost in proportion; for the side of a frame to its square, for threads to one over their number."}}
growth_plot = figures.cost_growth_panels(measured["growth"])
growth_plot

# %%
growth_table = speed_growth.table(measured)
results.show_table(growth_table)

# %% [markdown]
# ## Memory
#
# Each notebook in a process of its own, with the published profile's crops, batches and training pairs, and few steps.

# %%
memory_table = speed_memory.table(measured)
results.show_table(memory_table)

# %%
large_table = speed_growth.large(measured)
results.show_table(large_table)

# %% [markdown]
# ## From a file to its events
#
# `tapnb events` as a process of its own: reading, searching, film and report.

# %%
films_table = speed_films.table(measured)
results.show_table(films_table)

# %% [markdown]
# ## Both precisions
#
# The same data in the same order, the same start; only the precision of the training step differs. A difference is
# within seed noise if its mean over the seeds is no larger than the standard deviation between seeds, pooled over both
# precisions.

# %% mystnb={"image": {"alt": "Three panels against crop pairs seen: training loss, held-out accuracy on uniform windows, and on windows drawn by change; solid blue lines for float32, dashed orange-red ones for bfloat16, one a seed."}, "figure": {"caption": "Trainings in float32 and in bfloat16, a line a seed."}}
precision_plot = figures.precision_curves(measured["precision"].get("runs", []))
precision_plot

# %%
precision_table = speed_precision.table(measured)
results.show_table(precision_table)

# %%
difference_table = speed_precision.differences_table(measured)
results.show_table(difference_table)

# %% [markdown]
# ## The paper's protocol
#
# Operations of every run of profile `paper` were counted. How many a core does a second is known from the published runs of the
# same kind. Minutes on a GPU are an estimate from its data sheet: from everything fused to nothing fused.

# %%
counted = speed_cost.read()
cost_table = speed_cost.table(counted)
cost_table

# %% [markdown]
# ## Provenance
#
# When and from which commit each part was measured; the stamp below is that of this notebook.

# %%
origins_table = speed.origins(measured)
results.show_table(origins_table)

# %%
numbers = (speed.numbers(measured) | speed_growth.numbers(measured) | speed_precision.numbers(measured)
           | speed_memory.numbers(measured) | speed_films.numbers(measured) | speed_cost.numbers(counted))
tables = {"machine": machine_table, "rows": rows_table, "sides": sides_table, "also": also_table,
          "missed": missed_table, "units": units_table, "memory": memory_table, "films": films_table, "growth": growth_table,
          "large": large_table,
          "precision": precision_table, "precision_difference": difference_table, "cost": cost_table,
          "made": origins_table}
plots = {"ratios": ratios_plot, "growth": growth_plot, "precision": precision_plot}
path = results.publish("12_speed", profile, movie, parameters, {}, numbers, {}, tables, plots)
results.show_stamp(path)
