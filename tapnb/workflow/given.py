"""A command as it was given: for the record, and for the next command that a page names."""

from __future__ import annotations

import shlex

import typer

UNTOLD = ("show",)
"""Options that change nothing of what comes out."""


def as_given(context: typer.Context, without: tuple[str, ...] = ()) -> str:
    """The words of a command of ``tapnb``, its arguments and every option that is not what it is by default.

    Parameters
    ----------
    context : typer.Context
    without : tuple of str
        Options that are left out.
    """
    words = ["tapnb", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params.get(str(parameter.name))
        if parameter.name in (*without, *UNTOLD) or value is None or value is False or value == parameter.default:
            continue  # by default: None, or a flag that is not set, or the option's own value; 0 is none of these
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        if parameter.param_type_name == "argument":
            words += map(str, values)
        elif value is True:
            words.append(parameter.opts[0])
        else:
            words += [word for one in values for word in (parameter.opts[0], str(one))]
    return shlex.join(words)
