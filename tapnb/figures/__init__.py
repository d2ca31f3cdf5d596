"""One function per figure: numbers in, ``Figure`` out. Nothing is shown or saved here."""

from tapnb.figures.calibration import paper_reliability, reliability
from tapnb.figures.content_view import content_view
from tapnb.figures.criteria import criteria_examples
from tapnb.figures.data import event_gallery, positives_over_time, preprocessing
from tapnb.figures.decorrelation import channel_correlations, decorrelation_saturation, decorrelation_term
from tapnb.figures.differences import runs_both_ways, score_effects
from tapnb.figures.errors import confusion_matrices, error_rates, false_alarms, shares_over_time, surest_mistakes
from tapnb.figures.events import event_mistakes, event_scores, events_from_answers, events_from_few_labels, free_response
from tapnb.figures.evidence import average_precisions, head_curves, pairs_from_few_labels
from tapnb.figures.findings import findings
from tapnb.figures.forest import forest
from tapnb.figures.grad_cam import grad_cam_map, touching_regions
from tapnb.figures.layers import layers
from tapnb.figures.pretraining import recipes, training_curves
from tapnb.figures.speed import cost_growth_panels, precision_curves, speed_ratios
from tapnb.figures.strategies import strategy_scores

__all__ = ["average_precisions", "channel_correlations", "confusion_matrices", "content_view", "cost_growth_panels",
           "criteria_examples", "decorrelation_saturation", "decorrelation_term", "error_rates", "event_gallery",
           "event_mistakes", "event_scores", "events_from_answers", "events_from_few_labels", "false_alarms", "findings", "forest",
           "free_response", "grad_cam_map", "head_curves", "layers", "pairs_from_few_labels", "paper_reliability", "positives_over_time",
           "precision_curves", "preprocessing", "recipes", "reliability", "runs_both_ways", "score_effects", "shares_over_time", "speed_ratios",
           "strategy_scores", "surest_mistakes", "touching_regions", "training_curves"]
