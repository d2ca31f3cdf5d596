"""What every published number is: its formula in words, and the cell of its notebook that makes it.

A number's key is made of parts that its study puts together, so a pattern a kind of number is enough. A test holds the
patterns against all that is published: whoever adds a number says here what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tapnb.studies.vocabulary import VOCABULARY


@dataclass(frozen=True)
class Meaning:
    """What a number is.

    Attributes
    ----------
    words : str
        The quantity, how it is computed, and what its spread or interval is.
    variable : str
        What the notebook calls the result that the number is taken from; its cell assigns it.
    """

    words: str
    variable: str


def meaning(notebook: str, key: str) -> Meaning | None:
    """The meaning of a notebook's number; None where nobody has said it."""
    for pattern, words, variable in PATTERNS.get(notebook, ()):
        if parts := re.fullmatch(pattern, key):
            named = {name: VOCABULARY.get(f"{name}:{text}", VOCABULARY.get(text, text.replace("_", " ")))
                     for name, text in parts.groupdict("").items()}
            return Meaning(words.format_map(named), variable)
    return None


def cells_of(script: str) -> list[str]:
    """The cells of a py:percent script, text cells too: the n-th has the id ``cell-<n>`` in the executed notebook."""
    return re.split(r"^# %%", script, flags=re.MULTILINE)[1:]


def cell_making(cells: list[str], variable: str) -> int | None:
    """Index of the first of a notebook's cells that assigns ``variable``; None if no cell does."""
    assigned = re.compile(rf"^(\w+, )*{re.escape(variable)}(, \w+)* = ", re.MULTILINE)
    return next((index for index, cell in enumerate(cells) if assigned.search(cell)), None)


BY_RUNS = "Mean and standard deviation over runs that differ in their seed."
BY_FRAMES = "95 % interval over frames and runs."
SHARE = "95 % interval of a share, after Wilson."

STRATEGY, SCORE = r"(?P<strategy>[A-D]\d)", r"(?P<score>prec_0|prec_1|rec_0|rec_1|F1|average_precision|ranking|spread)"
CONTROL = "(?P<control>largest_difference|mean_difference|brightest_pixel|logistic_regression|extra_trees)"
SCALING = r"(?P<scaling>before|after|factor|prior|platt)"
MAP = r"(?P<movie>train|held_out)_(?P<map>grad_cam|second|votes|change|random)"
ROW = ("(?P<row>step_cuda|step|augmentation|crops|linear_heads|resnet_heads|frame|event_map|detector|sweep|import_networks|"
       "import|help)")
MEASURE = r"(?P<measure>ece_class_1|ece|nll|brier)"

PATTERNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "01_data": (
        ("crop_pairs", "Crop pairs drawn from all pairs of consecutive frames of the training movie.", "table1"),
        ("positive_share", "Of all crop pairs the share that is labelled as an event.", "table1"),
        ("training_pairs", "Crop pairs in the balanced training set: as many with an event as without.", "table1"),
        ("test_pairs", "Crop pairs in the test set.", "table1"),
        ("brightness_ap", "Average precision of the test pairs when they are sorted by the 99th percentile of their pixels.",
         "precisions"),
        ("best_brightness_ap", "The best average precision that any one statistic of brightness reaches.", "precisions"),
        ("base_rate", "Average precision of a coin: the share of events among the test pairs.", "precisions"),
        (r"held_out_eventful_(?P<side>\d+)", "Share of uniformly drawn windows of {side} pixels of the held-out movie that "
         "hold an event.", "eventful")),
    "02_pretraining": (
        (r"tap_(?P<sampler>uniform|change)_(?P<size>\d+)", "Accuracy of the time arrow: of held-out crop pairs {sampler}, "
         "{size} pixels wide, the share whose order the network tells right. " + SHARE, "accuracy_table"),
        ("tap_pairs", "Crop pairs that the network was trained on.", "history"),
        ("tap_epochs", "Epochs of the training.", "history"),
        ("tap_minutes", "Minutes of training, without the checks on held-out pairs.", "history")),
    "03_grad_cam": (
        (MAP + "_less_(?P<other>random|change)", "Of the {movie}: share of the strongest regions that touch an event by "
         "{map}, minus the same by {other}. 95 % interval by resampling blocks of frame pairs.", "shares"),
        (MAP, "Of the {movie}: share of the strongest regions that touch an event, by {map}. 95 % interval by resampling "
         "blocks of frame pairs.", "shares"),
        ("(?P<movie>train|held_out)_frame_pairs", "Pairs of frames of the {movie} whose regions are counted.", "counted"),
        ("(?P<movie>train|held_out)_events", "Events a frame pair of the {movie}, on average.", "counted"),
        ("(?P<movie>train|held_out)_frame_pairs_short", "Pairs of frames of the {movie} with fewer events than regions.",
         "counted"),
        ("(?P<movie>train|held_out)_shown", "The frame pair of the {movie} that is drawn.", "drawn_maps")),
    "04_content_view": (
        ("pairs_a_draw", "Held-out crop pairs of one draw.", "run"), ("draws", "Independent draws of crop pairs.", "run"),
        ("(?P<which>smallest|largest)_training_crop", "Side of the {which} crops that the network was trained on.", "sides"),
        (r"(?P<sampler>uniform|change)_full_resolution_(?P<view>\d+)", "Of the windows of {view} pixels ({sampler}) that only "
         "one way tells right, full resolution or rescaled, the share told at full resolution. " + SHARE, "matched"),
        ("(?P<sampler>uniform|change)_(?P<setting>.+)", "Accuracy of the time arrow on held-out crop pairs {sampler}, "
         "setting \u201c{setting}\u201d. " + SHARE, "summary")),
    "05_decorrelation": (
        ("crop", "Side of the largest crops that the decorrelation term is measured on.", "run"),
        ("(?P<network>trained|untrained)_(?P<images>movie|noise)_(?P<form>capped|unit_length|unscaled)_value",
         "Value of the decorrelation term (paper, Eq. 5), form \u201c{form}\u201d, of the {network} network on crops of "
         "{images}. Mean and standard deviation over batches.", "terms"),
        ("(?P<network>trained|untrained)_(?P<images>movie|noise)_(?P<form>capped|unit_length|unscaled)_pull",
         "Pull of the decorrelation term: \u03bb \u00d7 the norm of its gradient / the norm of the time arrow's gradient, "
         "form \u201c{form}\u201d, {network} network, crops of {images}. Mean and standard deviation over batches.",
         "term_plot"),
        ("(?P<network>trained|untrained)_(?P<images>movie|noise)_won", "Share of channels whose softmax is saturated at 1, "
         "of the {network} network on crops of {images}.", "saturation_table"),
        ("(?P<network>.+)_correlation", "Mean absolute correlation of two channels of the network \u201c{network}\u201d.",
         "channels"),
        ("(?P<network>.+)_rank", "Effective number of channels of the network \u201c{network}\u201d: squared sum of the "
         "correlations' eigenvalues / sum of their squares.", "channels")),
    "06_strategies": (
        ("test_pairs", "Crop pairs that every strategy is tested on.", "trained"),
        ("test_positives", "Of the test pairs those labelled as an event.", "trained"),
        ("runs", "Runs of every strategy; they differ in their seed.", "trained"),
        (STRATEGY + "_F1_(?P<threshold>half|chosen|as_many)", "F1 of the class \u201cevent\u201d of {strategy} at "
         "{threshold}: 2 \u00d7 precision \u00d7 recall / (precision + recall). " + BY_RUNS, "f1"),
        (CONTROL + "_average_precision", "Average precision of the control {control} on the same test pairs, mean over runs.", "beside"),
        (STRATEGY + "_less_" + CONTROL + "_ranking", "Average precision of {strategy} minus that of the control {control}, means over "
         "runs. " + BY_FRAMES, "beside"),
        (STRATEGY + "_average_precision", "Average precision of {strategy}: test pairs sorted by probability, precision "
         "averaged over all recalls. " + BY_RUNS, "ranked"),
        (STRATEGY + "_" + SCORE, "{score}. Test pairs, {strategy}. " + BY_RUNS, "table2"),
        (r"(?P<strategy>[A-D]\d)_less_(?P<other>[A-D]\d)_ranking", "Average precision of {strategy} minus that of {other}, "
         "means over runs. " + BY_FRAMES, "ranked")),
    "07_errors": (
        ("(?P<outcome>tn|fp|fn|tp)", "Number of {outcome} among the test pairs of one run of A1.", "here"),
        ("seed", "Seed of the run of A1 that is looked at.", "counts"),
        ("test_pairs", "Crop pairs that this run was tested on.", "tested"),
        ("early_frames", "Frame pairs that count as the movie's start: its first fifth.", "early"),
        ("fp_rate", "False positives / (false positives + true negatives), one run of A1. " + SHARE, "rates"),
        ("fn_rate", "False negatives / (false negatives + true positives), one run of A1. " + SHARE, "rates")),
    "08_criteria": (
        ("runs", "Runs of every strategy; they differ in their seed.", "roles"),
        ("test_pairs", "Crop pairs that every strategy is tested on.", "roles"),
        ("disagreeing", "Of the pairs with a labelled pixel, the share that not all three criteria call an event.", "examples"),
        ("(?P<part>training|test)_positives_(?P<criterion>both|either|filter)", "Pairs of the {part} part that the criterion "
         "{criterion} calls an event.", "counted"),
        (r"(?P<strategy>A\d)_(?P<criterion>both|either|filter)_" + SCORE, "{score}. Test pairs, {strategy}, trained and judged "
         "by the criterion {criterion}. " + BY_RUNS, "table5"),
        ("(?P<head>linear|ResNet)_(?P<after>both|either|filter)_less_(?P<other>both|either|filter)_F1", "F1 of the "
         "{head} head under the criterion {after}, minus that under {other}, each judged by its own labels. " + BY_FRAMES,
         "own_differences"),
        ("(?P<head>linear|ResNet)_(?P<after>both|either|filter)_less_(?P<other>both|either|filter)_F1_one_labelling",
         "F1 of the {head} head under the criterion {after}, minus that under {other}, both judged by one labelling. "
         + BY_FRAMES, "one_differences")),
    "09_calibration": (
        ("(?P<head>linear|ResNet)_ece_validation_" + SCALING, "Expected calibration error of the {head} head on the "
         "validation pairs, {scaling}. " + BY_RUNS, "fits_table"),
        ("(?P<head>linear|ResNet)_" + MEASURE + "_by_chance_" + SCALING, "By chance alone, with labels drawn from the "
         "probabilities of the {head} head, {scaling}. {measure}. " + BY_RUNS, "chance_table"),
        ("(?P<head>linear|ResNet)_" + MEASURE + "_" + SCALING, "{measure}. Test pairs, {head} head, {scaling}. " + BY_RUNS,
         "measures_table"),
        ("(?P<head>linear|ResNet)_recall_" + SCALING, "Share of the test pairs with an event that the {head} head calls one at "
         "probability 1/2, {scaling}. " + BY_RUNS, "fits_table"),
        *((f"(?P<head>linear|ResNet)_temperature{end}", "Temperature T of the {head} head, the one with the highest "
           f"likelihood on the validation pairs: {what} over runs that differ in their seed.", "run")
          for end, what in (("", "median"), ("_least", "the lowest"), ("_most", "the highest"))),
        ("(?P<head>linear|ResNet)_factor", "Factor on the event's probability of the {head} head with the lowest expected "
         "calibration error on the validation pairs. " + BY_RUNS, "fits_table"),
        ("differences(?P<which>_class_1)?_heads_before", "Calibration error of the linear head minus that of the ResNet head, "
         "as trained{which}. " + BY_FRAMES, "differences_table"),
        ("differences(?P<which>_class_1)?_(?P<head>linear|ResNet)", "Calibration error of the {head} head before minus after "
         "division by T{which}. " + BY_FRAMES, "differences_table"),
        ("(?P<part>test|validation)_(?P<what>pairs|positives)", "Number of {part} {what}.", "run")),
    "10_limitations": (
        ("(?P<strategy>A0i?)_" + SCORE, "{score}. Test pairs, {strategy}. " + BY_RUNS, "heads"),
        ("difference_" + SCORE, "A0i minus A0. {score}. " + BY_FRAMES, "heads"),
        (r"(?P<strategy>A\d)_none_of_these", "Of the negative test pairs that hold nothing that might look like an event, the "
         "share that {strategy} calls one. " + BY_FRAMES, "rates"),
        (r"(?P<strategy>A\d)_cannot_be_told", "Of the negative test pairs of which it cannot be told what they hold, the share "
         "that {strategy} calls an event. " + BY_FRAMES, "rates"),
        (r"(?P<strategy>A\d)_(?P<kind>.+)", "Of the negative test pairs that hold \u201c{kind}\u201d, the share that "
         "{strategy} calls an event. " + BY_FRAMES, "rates")),
    "11_differences": (
        (r"(?P<strategy>[A-D]\d)_(?P<option>replacement|redraw_norms|keep_trained_norms)_" + SCORE + "(?P<side>_ours|_other)",
         "{score}. {strategy}; the scripts' way: {option}. {side} " + BY_RUNS, "on_scores"),
        (r"(?P<strategy>[A-D]\d)_(?P<option>replacement|redraw_norms|keep_trained_norms)_" + SCORE,
         "{score}. {strategy}; the scripts' way: {option}. The scripts' way minus ours. " + BY_FRAMES, "on_scores"),
        ("labels_(?P<which>[a-z]+)(?P<side>_ours|_other)?", "Crop pairs labelled as an event; the "
         "scripts' way differs from ours in {which}. {side}", "measured"),
        ("distinct_(?P<which>[a-z]+)(?P<side>_ours|_other)?", "Distinct crop pairs in the balanced training set{which}; the "
         "scripts draw with replacement. {side}", "measured"),
        (r"fill_(?P<which>all|one_frame)_(?P<size>\d+)(?P<side>_ours|_other)?", "Per cent of the pixels of augmented "
         "crops, {size} pixels wide, that come from outside the crop{which}; the scripts fill with zeros, we reflect. {side}",
         "on_pretraining"),
        (r"schedule_(?P<sampler>uniform|change)_(?P<size>\d+)(?P<side>_ours|_other)?", "Accuracy of the time arrow, held-out "
         "pairs {sampler}, {size} pixels, with the learning rate in one cycle; the scripts have many. {side}", "schedules"),
        ("rounding_changed", "Of the test pairs the per cent whose decision changes when features are kept in 32 bits, not in "
         "16. " + SHARE, "rounded"),
        ("rounding_largest", "The largest change of a probability when features are kept in 32 bits, not in 16.", "rounded"),
        ("std_factor(?P<side>_ours|_other)?", "Standard deviation by n \u2212 1; the scripts divide by n. Relative and "
         "exact. {side}", "on_numbers")),
    "12_speed": (
        ("growth_(?P<what>.+)_largest", "The largest exponent of cost against {what}, over all series.", "growth_table"),
        ("growth_(?P<what>.+)", "Exponent of growth: slope of log seconds against log size, by least squares ({what}).",
         "growth_table"),
        ("memory_(?P<what>.+)", "Peak memory of a notebook's process in the published profile: {what} of all notebooks.",
         "memory_table"),
        ("film_(?P<film>[a-z]+)(?P<memory>_memory)?", "From a movie's file to the report of its events, all of `tapnb events`"
         "{memory}: {film}.", "films_table"),
        ("large_(?P<what>.+)", "The movie that is larger than the memory it may take: its {what}.", "large_table"),
        ("precision_(?P<what>.+)", "Setting of the trainings in both precisions: {what}.", "precision_table"),
        ("(?P<precision>float32|bfloat16)_(?P<what>.+)", "{what} of trainings in {precision}. " + BY_RUNS, "precision_table"),
        ("difference_(?P<what>.+)", "{what}: bfloat16 minus float32 with the same seed. Mean and standard deviation over "
         "seeds.",
         "difference_table"),
        ("between_seeds_(?P<what>.+)", "{what}: standard deviation between seeds.", "difference_table"),
        ("machine_(?P<what>.+)", "The machine that everything was measured on: its {what}.", "machine_table"),
        ("peak_(?P<what>.+)", "The machine that everything was measured on: its measured peak in {what}.", "machine_table"),
        ("(?P<which>ratio|other)_goals(?P<reached>_reached)?", "Number of goals of speed {which}{reached}.", "rows_table"),
        ("step_days_of_the_paper", "Days that the paper's 2 million crop pairs would take: median seconds a pair \u00d7 2 "
         "million.", "also_table"),
        (ROW + "_ratio", "Median seconds of the plain way / median seconds of ours: {row}.", "rows_table"),
        (ROW + "_low", "The lowest ratio of plain to ours over repetitions made by turns: {row}.", "rows_table"),
        (ROW + "_high", "The highest ratio of plain to ours over repetitions made by turns: {row}.", "rows_table"),
        (ROW + "_goal", "The ratio of plain to ours that was aimed at: {row}.", "rows_table"),
        (ROW + "_(?P<way>ours|plain)_rate", "Pairs a second, 1 / median seconds a pair: {row}, {way}.", "sides_table"),
        (ROW + "_(?P<way>ours|plain)_memory", "Largest memory of the process: {row}, {way}.", "sides_table"),
        (ROW + "_(?P<way>ours|plain)", "Median time of repetitions: {row}, {way}.", "sides_table"),
        ("cost_(?P<movie>[^_]+)_work", "Operations of all runs of profile paper on the movie {movie}, counted one by one.",
         "cost_table"),
        ("cost_(?P<movie>[^_]+)_first_gpu(?P<fused>_fused)?", "Pretraining and strategies of Table 2, profile paper on {movie}: "
         "estimate for one H100, {fused}.", "cost_table"),
        ("cost_(?P<movie>[^_]+)_pretraining_gpu(?P<fused>_fused)?", "Pretraining of profile paper on {movie}: estimate for one H100, "
         "{fused}.", "cost_table"),
        ("cost_(?P<movie>[^_]+)_gpu_fused", "All runs of profile paper on {movie}: estimate for one H100, operations / a "
         "share of its peak.", "cost_table"),
        ("cost_(?P<movie>[^_]+)_gpu", "All runs of profile paper on {movie}: estimate for one H100 if nothing is fused, the "
         "longer of arithmetic and memory.", "cost_table"),
        ("cost_(?P<movie>[^_]+)_64_cores", "Hours of profile paper on {movie} with 64 cores: pretraining shared by all, the rest "
         "divided by their number, or its longest chain of runs.", "cost_table"),
        ("cost_(?P<movie>[^_]+)_(?P<what>core|pretraining_core)", "Operations of profile paper on {movie} / those "
         "that a core did a second in the published runs of the same kind ({what}).", "cost_table"),
        ("(?P<what>.+)", "Measured beside the rows of the table of speed: {what}.", "also_table")),
    "13_findings": (
        ("claims", "Claims of the paper that are judged.", "judged"),
        ("(?P<movie>[^_]+)_(?P<verdict>reproduced|not_reproduced|undecided|not_run)", "Claims with the verdict "
         "\u201c{verdict}\u201d on the movie {movie}.", "judged"),
        (r"paper_(?P<strategy>[A-D]\d)_F1", "F1 of {strategy} in the paper: 2 \u00d7 precision \u00d7 recall / (precision + "
         "recall), from the means of its Table 2.", "strategies"),
        (r"(?P<movie>[^_]+)_(?P<strategy>[A-D]\d)_F1", "F1 of the class \u201cevent\u201d of {strategy} on the movie {movie}: "
         "2 \u00d7 precision \u00d7 recall / (precision + recall). " + BY_RUNS, "strategies")),
    "14_events": (
        ("(?P<kind>division|death)s", "Labelled {kind}s of the held-out movie.", "judged"),
        (r"few_(?P<first>[A-D])_less_(?P<other>[A-D])_(?P<labels>\d+)", "Average precision of {first} minus that of {other}, both from "
         "{labels} labelled events, all events of the held-out movie. 95 % interval over events and draws of labels.", "few_compared"),
        (r"few_(?P<strategy>[A-D])_(?P<labels>\d+)_(?P<measure>average_precision|f1|best)", "{measure}. Strategy {strategy}, trained "
         "on {labels} labelled events, all events of the held-out movie. 95 % interval over events and runs.", "few_estimated"),
        (r"needed_(?P<first>[A-D])_for_(?P<other>[A-D])_(?P<labels>\d+)", "Labelled events with which {first} has the average precision of "
         "{other} with {labels}. 95 % interval over events and draws of labels.", "few_needed"),
        (r"saved_(?P<first>[A-D])_for_(?P<other>[A-D])_(?P<labels>\d+)", "Labelled events with which {first} has the average precision of "
         "{other} with {labels}, minus these. 95 % interval over events and draws of labels.", "few_needed"),
        ("unexplained_ends", "Tracks of the held-out movie that end inside the image before it does, without daughters.", "ends"),
        ("(?P<who>[A-D])_F1_without_ends", "F1 of {who} at the threshold of the training movie, unexplained track ends left out, "
         "divisions of the held-out movie. 95 % interval over events and runs.", "ends"),
        ("(?P<who>[A-D])_average_precision_without_ends", "Average precision of {who}, unexplained track ends left out, divisions of the "
         "held-out movie. 95 % interval over events and runs.", "ends"),
        ("(?P<who>.+)_(?P<kind>division|death)_promised", "Events that the probabilities of {who} promise: their sum over all places "
         "of a {kind} that it sees in the held-out movie.", "promised"),
        ("(?P<who>.+)_(?P<kind>division|death)_seen", "Events among all places of a {kind} that {who} sees in the held-out movie, however "
         "unsure.", "promised"),
        (r"asked_gain_(?P<answers>\d+)", "Average precision after {answers} answers about doubtful places minus that after as many "
         "about random ones. 95 % interval over events and runs.", "ask_gains"),
        (r"asked_(?P<way>doubtful|random)_(?P<answers>\d+)", "Average precision after {answers} answers about {way} places, all events "
         "of the held-out movie. 95 % interval over events and runs.", "ask_estimated"),
        ("negatives_(?P<way>unlabelled|reversed|hard)_less_(?P<other>unlabelled|reversed)", "Average precision where {way} negatives are "
         "learnt from minus that with {other} ones, draw by draw of the labels. 95 % interval over events and draws.", "negative_gains"),
        ("negatives_(?P<way>unlabelled|reversed|hard)", "Average precision where {way} negatives are learnt from, all events of the "
         "held-out movie. 95 % interval over events and draws of labels.", "negative_points"),
        (r"(?P<who>.+)_first_(?P<places>\d+)", "Events, of whatever kind, among the first {places} places that {who} names in the "
         "held-out movie.", "counted_firsts"),
        ("(?P<first>.+)_less_(?P<other>.+)_(?P<kind>division|death)", "Average precision of {first} minus that of {other}, "
         "{kind}s of the held-out movie. 95 % interval over events and runs.", "compared"),
        ("(?P<who>.+)_(?P<kind>division|death)_(?P<measure>average_precision|f1|strict|best)", "{measure}. {who}, {kind}s of "
         "the held-out movie. 95 % interval over events and runs.", "estimated")),
    "15_evidence": (
        ("best_control", "Average precision of the best control on the held-out movie. 95 % interval over events and frames.",
         "estimates"),
        ("(?P<where>held-out|test|seen|new)_pairs", "Crop pairs of {where}.", "parts"),
        ("(?P<who>.+)_below_a_coin", "Trainings of {who} whose validation loss came below that of a coin.", "course"),
        ("(?P<where>held-out|test|seen|new)_events", "Different events in the crop pairs of {where}.", "parts"),
        (r"few_(?P<first>[A-D]1)_less_(?P<other>.+)_(?P<labels>\d+)", "Average precision of {first} minus that of {other}, both from "
         "{labels} labelled events, on the held-out movie. 95 % interval over events, blocks of frames and runs.", "few_compared"),
        (r"few_(?P<who>.+)_(?P<labels>\d+)", "Average precision of {who} from {labels} labelled events, on the held-out movie. 95 % "
         "interval over events, blocks of frames and draws of the labels.", "few_estimated"),
        (r"needed_(?P<first>[A-D]1)_for_(?P<other>[A-D]1)", "Labelled events with which {first} has the average precision of {other} with "
         "a tenth of them. 95 % interval over events and draws of labels.", "few_needed"),
        (r"saved_hours_(?P<first>[A-D]1)_for_(?P<other>[A-D]1)", "Person-hours of labelling that {other} saves against {first} at a tenth "
         "of the labels, if all take the paper's eight. 95 % interval as of the labels.", "few_needed"),
        ("(?P<who>.+)_(?P<where>held-out|test|seen|new)_less_that_of_(?P<profile>.+)", "Average precision of {who} minus that on the "
         "pretraining of profile {profile}, on {where}. 95 % interval over events, blocks of frames and runs.", "besides"),
        ("(?P<first>.+)_less_(?P<other>.+)_over_pretrainings", "Average precision of {first} minus that of {other} on the held-out "
         "movie, mean over pretrainings of different seeds. 95 % interval over events, blocks of frames, pretrainings and runs.", "over"),
        ("(?P<who>.+)_over_pretrainings", "Average precision of {who} on the held-out movie, mean over pretrainings of different seeds. "
         "95 % interval over events, blocks of frames and pretrainings.", "over"),
        (r"(?P<first>[A-D]\d)_less_(?P<other>.+)_(?P<where>held-out|test)", "Average precision of {first} minus that of {other} on "
         "{where}. 95 % interval over events, blocks of frames and runs.", "beyond"),
        ("(?P<first>.+)_less_(?P<other>.+)", "Average precision of {first} minus that of {other} on the held-out movie. 95 % "
         "interval over events, blocks of frames and runs.", "comparisons"),
        ("(?P<who>.+)_(?P<where>held-out|test|seen|new)", "Average precision of {who} on {where}. 95 % interval over events, "
         "blocks of frames and runs.", "estimates")),
}
"""By notebook: a pattern of keys, the meaning of a match, and the variable that it is taken from. The first match counts.

:meta hide-value:
"""
