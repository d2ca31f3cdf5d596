"""Parts of the keys of published numbers, in words: what :mod:`tapnb.studies.meanings` says of a number."""

VOCABULARY = {
    # scores of a strategy
    "prec_0": "Precision of the class \u201cno event\u201d: of the crop pairs called no event, the share that has none",
    "prec_1": "Precision of the class \u201cevent\u201d: true positives / (true positives + false positives)",
    "rec_0": "Recall of the class \u201cno event\u201d: true negatives / (true negatives + false positives)",
    "rec_1": "Recall of the class \u201cevent\u201d: true positives / (true positives + false negatives)",
    "F1": "F1 of the class \u201cevent\u201d: 2 \u00d7 precision \u00d7 recall / (precision + recall)",
    "average_precision": "Average precision of the class \u201cevent\u201d: pairs sorted by probability, precision averaged "
                         "over all recalls",
    "ranking": "Average precision of the class \u201cevent\u201d: pairs sorted by probability, precision averaged over all "
               "recalls",
    "spread": "Standard deviation over runs of the recall of the class \u201cno event\u201d",
    "half": "probability 1/2", "chosen": "the threshold chosen on validation pairs",
    "as_many": "the threshold where precision equals recall",
    "tn": "true negatives", "fp": "false positives", "fn": "false negatives", "tp": "true positives",
    # strategies
    "A0": "A0 (TAP features, fixed; linear head)", "A1": "A1 (TAP features, fixed; ResNet head)",
    "B0": "B0 (random features, fixed; linear head)", "B1": "B1 (random features, fixed; ResNet head)",
    "C0": "C0 (trained end to end; linear head)", "C1": "C1 (trained end to end; ResNet head)",
    "D0": "D0 (TAP features, trained on; linear head)", "D1": "D1 (TAP features, trained on; ResNet head)",
    "P1": "P1 (raw pixels; ResNet head)",
    "A0i": "A0i (A0 with a head that cannot tell the order of the frames)",
    "A": "detector A (TAP features, fixed)", "B": "detector B (random features, fixed)",
    "C": "detector C (random features, trained end to end)", "D": "detector D (TAP features, trained on)",
    # samplers, movies, parts
    "uniform": "drawn uniformly", "change": "drawn by change", "train": "training movie", "held_out": "held-out movie",
    "held-out": "the held-out movie", "seen": "the test pairs with labelled events",
    "new": "the test pairs with events never labelled", "training": "training", "paper": "the paper",
    # maps
    "grad_cam": "Grad-CAM of the first frame", "second": "Grad-CAM of the second frame",
    "votes": "the pixels' votes for the true order", "random": "random boxes",
    "map:change": "the change from frame to frame", "other:change": "the change from frame to frame",
    "images:movie": "the movie", "network:trained": "trained", "network:untrained": "untrained",
    # calibration
    "ece": "Expected calibration error: mean distance of confidence and frequency of a bin, weighted by its pairs",
    "ece_class_1": "Calibration error of the class \u201cevent\u201d: as the expected one, with the event's probability",
    "nll": "Negative log-likelihood: mean of \u2212log of the true class's probability",
    "brier": "Brier score: mean squared distance of the event's probability from 0 or 1",
    "before": "as trained", "after": "after division by the temperature T", "factor": "after one factor on p",
    "prior": "after the share of events as offset", "platt": "after a fitted scale and offset",
    # criteria
    "both": "\u201cany size, both\u201d", "either": "\u201cany size, either\u201d", "filter": "\u201csize filter, either\u201d",
    # differences
    "replacement": "training pairs balanced by drawing with replacement", "redraw_norms": "BatchNorm scales of random "
    "features drawn anew", "keep_trained_norms": "random weights under the trained network's BatchNorm statistics",
    "_ours": "Our way.", "_other": "The scripts' way.", "side:": "The scripts' way minus ours; a range is its 95 % interval.",
    "which:values": "one point: a pixel of a death counts twice", "which:above": "one point: more than the threshold, not from "
    "it on", "which:scripts": "both points: deaths count twice, and more than the threshold", "which:kept": ", of those kept",
    "which:all": "", "which:one_frame": " in one frame only",
    # events
    "f1": "F1 at the threshold chosen on the training movie (a found event is right within 15 pixels and 6 frames)",
    "measure:average_precision": "Average precision: found events sorted by score, precision averaged over all recalls",
    "strict": "F1 at the threshold chosen on the training movie, times within 1 frame",
    "best": "F1 at the threshold that is best on the held-out movie itself",
    # speed
    "row:step": "training step of the time arrow", "row:linear_heads": "linear event heads",
    "row:resnet_heads": "ResNet event heads", "row:frame": "dense features of a frame", "row:crops": "sampling crop pairs",
    "row:event_map": "event map of a movie", "row:detector": "scores of a detector", "row:sweep": "a sweep with two workers instead of one",
    "row:import": "import tapnb", "row:import_networks": "import tapnb.recognise", "row:help": "tapnb \u2011\u2011help",
    "row:step_cuda": "training step on a CUDA device", "way:ours": "our way", "way:plain": "the plain way",
    "which:ratio": "of a ratio to the plain way", "which:other": "of another kind", "reached:_reached": " that are reached",
    "fused:_fused": "operations / a share of its peak", "fused:": "if nothing is fused, the longer of arithmetic and memory",
    "memory:_memory": ", peak memory", "film:simulated": "the simulated movie, with its published detector",
    "film:hela": "HeLa 01, with the detector of 02", "film:stack": "a 16-bit stack, trained on its own labels first",
    "what:most": "the largest", "what:median": "the median", "what:goal": "the most that is allowed",
    # verdicts
    "reproduced": "reproduced", "not_reproduced": "not reproduced", "undecided": "not decidable at this budget",
    "not_run": "not run yet",
    "part:test": "test", "where:test": "the random test pairs", "which:_class_1": ", of the class \u201cevent\u201d",
}
"""Parts of keys in words, with the name of their group where it matters; what is missing here stands for itself.

:meta hide-value:
"""
