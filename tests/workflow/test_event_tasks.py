"""The runs of notebook 14 as tasks: each after all that it looks for."""

from tapnb.workflow import notebook_runs, notebooks, published


def tasks_of(**given):
    job = published.decide("14", "smoke", "synthetic", "execute", given, notebooks.SOURCES)
    return notebook_runs.of_notebooks(job.parameters)


def needs_of(tasks):
    return {task.key.partition(" ")[2]: {need.partition(" ")[2] for need in task.needs} for task in tasks}


def test_a_detector_with_answers_comes_after_all_that_it_learns_from():
    needs = needs_of(tasks_of(event_ask_draws=2, event_ask_rounds=2, event_few_strategies=["A"], event_few_labels=[2],
                              event_few_draws=1, event_ask_start=2))
    first = {"detector A, 2 labelled, draw 0", "tap"}
    assert needs["detector after 0 x doubtful, draw 0"] == first
    assert needs["detector after 0 x doubtful, draw 1"] == {"tap"}, "nothing else makes that one"
    begun = first | {f"{what} after 0 x {way}, draw 0" for what in ("detector", "places") for way in ("doubtful", "random")}
    assert needs["detector after 1 x random, draw 0"] == begun
    assert needs["detector after 2 x random, draw 0"] == begun | {"detector after 1 x random, draw 0", "places after 1 x random, draw 0"}


def test_the_usual_negatives_are_those_of_a_detector_from_few_labels():
    given = {"event_few_strategies": ["D"], "event_few_labels": [2], "event_few_draws": 1, "event_negative_labels": 2}
    needs = needs_of(tasks_of(**given, event_negative_draws=2))
    assert needs["detector with hard negatives, draw 0"] == {"tap", "detector D, 2 labelled, draw 0"}
    assert needs["detector with hard negatives, draw 1"] == needs["detector with reversed negatives, draw 0"] == {"tap"}
    assert not any("negatives" in role for role in needs_of(tasks_of(**given, event_negative_draws=0)))


def test_the_head_of_another_profile_is_looked_for_where_that_has_published_it():
    """By whoever hands out the tasks: a worker need not have what is published."""
    needs = {heads: next(task.needs for task in tasks_of(event_heads=heads) if task.key.endswith("windows of A1")) for heads in ("", "cpu")}
    assert needs == {"": ("02_pretraining tap", "06_strategies A1"), "cpu": ("02_pretraining tap", "cpu/06_strategies A1")}
