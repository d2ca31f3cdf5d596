"""A pretraining that never was, for studies that rest on one."""

import pytest
import torch

from tapnb import pretrain, weights
from tapnb.models import TimeArrowModel
from tapnb.pretrain import PretrainSettings
from tapnb.store import kinds, runs


@pytest.fixture(scope="session")
def pretrained():
    """A function of a movie: a pretraining's run on it, finished as it began, with a small network's first weights."""

    def tap(movie, seed=1, **settings):
        settings = PretrainSettings(channels=(4, 4, 4, 4), **settings)

        def make(folder):
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                weights.save(folder / pretrain.WEIGHTS, TimeArrowModel(settings.channels).state_dict())
            return {"history": [], "accuracies": []}

        return runs.run(kinds.TAP, {"train": movie}, {"settings": settings, "test_pairs": 1}, seed, make,
                        mode="execute", command="")

    return tap
