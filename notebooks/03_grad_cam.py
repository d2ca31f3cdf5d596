# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Grad-CAM
#
# The paper's Figure 2: a Grad-CAM map over a whole frame, its top 8 regions, and these regions one frame later. The
# paper sees that many of them hold a division. Here the same picture is drawn for both movies, and then counted. How
# many top regions touch a labelled event? How many would if they lay anywhere, or simply where the picture changes
# most? The network is the one that notebook 02 published for the same profile and movie.

# %% tags=["parameters"]
profile: str = "smoke"  # the profile under whose name the results are kept
movie: str = "synthetic"  # synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own
mode: str = "execute"  # execute: compute what is missing; restore: only read
single_child: str = "link"  # a track with one daughter: link (one cell found again) or division
device: str = "auto"  # auto, cuda, mps or cpu
shown_train: int = -1  # first frame of the pair that is drawn, training movie; -1: the middle one
shown_held_out: int = -1  # the same of the held-out movie
frame_pairs: int = 40  # frame pairs of each movie in which regions are counted, evenly spaced; at most all
tile: int = 0  # frames go through the network in tiles of this side in pixels, a multiple of 8; 0: in one piece

# %%
from tapnb import figures
from tapnb.movies import catalogue
from tapnb.store import results, runs
from tapnb.studies import grad_cam
from tapnb.system import device as devices

parameters = results.parameters_of(globals())
train, other = catalogue.open_both(movie, single_child)
movies = {"train": train, "held-out": other}
tap = runs.find(results.published_run(profile, movie, "02_pretraining", "tap"))
setting = dict(mode=mode, on=devices.choose(device), tile=tile,
               command=f"tapnb run 03_grad_cam --profile {profile} --movie {movie} --mode execute")
for role, m in movies.items():
    print(f"{role}: {m.name}, {m.shape[0]} frames of {m.shape[1]} x {m.shape[2]} pixels, "
          f"{'with' if m.masks is not None else 'without'} event masks")

# %% [markdown]
# ## Figure 2
#
# One frame pair of each movie, by default the one in the middle. A brighter place weighs more in the logit of "frame t came
# first". Boxes: the 8 strongest peaks of the smoothed map, numbered from the strongest. Below, the same boxes in both
# frames, labelled pixels outlined (blue: division, vermillion: death).

# %%
# Pictures of a movie are not published: these are drawn anew, in seconds, from the trained network.
drawn_maps = grad_cam.maps_run(tap, movies, {"train": shown_train, "held-out": shown_held_out},
                               **setting | {"mode": "execute"})
maps = {role: grad_cam.kept_maps(drawn_maps, role) for role in movies}


def picture(role: str, name: str, label: str):
    importance, t = maps[role][name], drawn_maps.results["t"][role]
    return figures.grad_cam_map(movies[role], t, importance, grad_cam.top_regions(importance), label)


# %% mystnb={"image": {"alt": "A whole frame of the training movie under a Grad-CAM map, with eight numbered boxes; below, the eight boxes enlarged, in this frame and in the next, labelled cells outlined."}, "figure": {"caption": "As the paper's Figure 2(a): Grad-CAM over a frame of the training movie, its top 8 regions in order, and these regions in this frame and the next. Outlined in blue: labelled divisions, in vermillion: deaths.", "name": "fig-grad-cam-train"}}
picture("train", "grad_cam", "Grad-CAM")

# %% mystnb={"image": {"alt": "A whole frame of the held-out movie under a Grad-CAM map, with eight numbered boxes; below, the eight boxes enlarged, in this frame and in the next, labelled cells outlined."}, "figure": {"caption": "As the paper's Figure 2(b): the same for a frame of the held-out movie, which the network was not trained on.", "name": "fig-grad-cam-held-out"}}
picture("held-out", "grad_cam", "Grad-CAM")

# %% [markdown]
# ## What the pixels say
#
# Grad-CAM multiplies each channel of the features by one weight for the whole frame: a sketch. This network allows an exact
# account. Its head looks at each pixel by itself, takes the mean, and ends in a linear layer. So the difference of its two
# logits is the mean over pixels of what each pixel would answer alone: its *vote*. Drawn are the votes for the true order.

# %% mystnb={"image": {"alt": "A whole frame of the training movie under the map of votes for the true order, with eight numbered boxes; below, the eight boxes enlarged, in this frame and in the next, labelled cells outlined."}, "figure": {"caption": "Votes of the pixels for the true order, training movie, same frame as above. Their mean, votes against included, is the network's answer.", "name": "fig-votes-train"}}
picture("train", "votes", "vote for the true order")

# %% mystnb={"image": {"alt": "A whole frame of the held-out movie under the map of votes for the true order, with eight numbered boxes; below, the eight boxes enlarged, in this frame and in the next, labelled cells outlined."}, "figure": {"caption": "Votes of the pixels for the true order, held-out movie.", "name": "fig-votes-held-out"}}
picture("held-out", "votes", "vote for the true order")

# %% [markdown]
# ## How many regions touch an event?
#
# Over evenly spaced frame pairs of both movies. A region touches an event if it holds a labelled pixel in either frame.
# *Random boxes*: the exact share of all places of a box at which it would touch one. *Change between the frames*: the top
# regions of $|x_{t+1} - x_t|$, without any network. Intervals (95 %): four counted frame pairs in a row are drawn together.

# %%
counted = grad_cam.touching_run(tap, movies, frame_pairs, **setting)
statistics = counted.results["statistics"]
print(grad_cam.describe(statistics, movies))

# %%
shares = {role: grad_cam.shares(statistics[role]) for role in movies if role in statistics}
touching_table = grad_cam.touching_table(shares)
touching_table

# %% mystnb={"image": {"alt": "One row for each map, Grad-CAM of either frame, votes of the pixels, change between the frames, and one for random boxes: per cent of regions that touch a labelled event, with intervals, for both movies."}, "figure": {"caption": "Share of top regions that touch a labelled event, by the map that they are the top regions of, with 95 % intervals.", "name": "fig-nb-touching"}}
touching_plot = figures.touching_regions(shares) if shares else None
touching_plot

# %% [markdown]
# ## Provenance

# %%
path = results.publish("03_grad_cam", profile, movie, parameters, {"tap": tap, "gradcam": counted},
                       grad_cam.numbers(counted, shares, drawn_maps, tap), movies,
                       {"touching": touching_table}, {"touching": touching_plot} if shares else {})
results.show_stamp(path)
