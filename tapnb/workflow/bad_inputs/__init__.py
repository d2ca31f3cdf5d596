"""Bad inputs, and what is said of each: small files such as people have, made again whenever the book is built.

Each stands for a kind. Whatever is said is one sentence: what is wrong, where, and what to do.
"""

from tapnb.workflow.bad_inputs import folders, kept, lineages, marked, other_kinds, searches, settings, shown, tiffs
from tapnb.workflow.bad_inputs.row import BadInput, refusal, said

__all__ = ["BAD_INPUTS", "BadInput", "refusal", "said"]

BAD_INPUTS: tuple[BadInput, ...] = (*folders.ROWS, *tiffs.ROWS, *other_kinds.ROWS, *shown.ROWS, *lineages.ROWS,
                                    *marked.ROWS, *searches.ROWS, *settings.ROWS,
                                    *kept.ROWS)
