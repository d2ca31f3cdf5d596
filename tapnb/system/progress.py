"""Progress bars, where `tqdm` is installed: a training on a borrowed machine does without."""

from __future__ import annotations

from collections.abc import Iterable

try:
    from tqdm import tqdm
except ModuleNotFoundError:

    class tqdm:  # noqa: N801  of which it has the name
        """What is used of tqdm, without a bar."""

        def __init__(self, iterable: Iterable = (), **_):
            self.iterable = iterable

        def __iter__(self):
            return iter(self.iterable)

        def set_postfix(self, **_) -> None:
            """Say nothing."""

