"""The bad inputs: each is refused in one sentence that names what is wrong."""

import re
from dataclasses import replace

import pytest

from tapnb.workflow.bad_inputs import BAD_INPUTS, refusal, said


@pytest.mark.parametrize("row", BAD_INPUTS, ids=lambda row: re.sub(r"\W+", "-", row.title))
def test_a_bad_input_is_refused_in_one_sentence(row, tmp_path):
    error = refusal(row, tmp_path)
    sentence = str(error)
    assert isinstance(error, FileNotFoundError) or "tapnb" in type(error).__module__ or type(error) is ValueError
    assert getattr(error, "errno", None) is None  # said by us, not by the system
    assert re.search(row.says, sentence) and row.names in sentence
    assert "\n" not in sentence and "Traceback" not in sentence and " object at 0x" not in sentence
    assert 4 <= len(sentence.split()) <= 60 and not re.search(r"\. [A-Z]", sentence)


def test_there_are_many_and_none_comes_twice():
    titles = [row.title for row in BAD_INPUTS]
    assert len(titles) >= 40 and len(set(titles)) == len(titles)
    groups = [row.group for row in BAD_INPUTS]
    assert all(groups[i] == groups[i + 1] or groups[i] not in groups[i + 1 :] for i in range(len(groups) - 1))


@pytest.mark.parametrize("row", BAD_INPUTS[::5], ids=lambda row: re.sub(r"\W+", "-", row.title))
def test_what_is_said_is_the_same_wherever_it_is_tried(row, tmp_path):
    folders = [tmp_path / "a", tmp_path / "longer name"]
    for folder in folders:
        folder.mkdir()
    one, other = (said(row, folder) for folder in folders)
    assert one == other and str(tmp_path) not in one


def test_an_input_that_is_accepted_or_ends_in_another_error_is_no_row(tmp_path):
    accepted = replace(BAD_INPUTS[0], ask=lambda path: None)
    with pytest.raises(RuntimeError, match="nothing is said of 'a path where nothing is'"):
        refusal(accepted, tmp_path)
    with pytest.raises(ZeroDivisionError):
        refusal(replace(accepted, ask=lambda path: 1 / 0), tmp_path)
