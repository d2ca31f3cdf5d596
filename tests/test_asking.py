import numpy as np
import pandas as pd
import pytest

from tapnb import asking


def table(*rows):
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind", "score", "probability"])


FOUND = table((3, 10.0, 10.0, "division", 0.9, 0.52), (4, 12.0, 10.0, "division", 0.8, 0.49),
              (20, 12.0, 10.0, "division", 0.7, 0.60), (3, 90.0, 10.0, "death", 0.5, 0.99))


def test_the_most_doubtful_places_are_asked_about_once():
    assert asking.places(FOUND, 3, 0.5)["t"].tolist() == [4, 20, 3]  # the first one lies beside the second
    assert asking.places(FOUND, 1, 0.5)["score"].tolist() == [0.8]


def test_without_probabilities_the_threshold_is_doubtful():
    assert asking.places(FOUND.assign(probability=np.nan), 2, 0.72)["score"].tolist() == [0.7, 0.8]


def test_nobody_is_asked_twice():
    assert asking.places(FOUND, 5, 0.5, answered=FOUND.iloc[[2]])["t"].tolist() == [4, 3]


def test_nothing_found_leaves_nothing_to_ask():
    assert asking.places(FOUND.iloc[:0], 5, 0.5).empty


def test_answers_are_events_and_places_without_one(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("t,y,x,answer\n3,10.5,20,division\n4,5,6,Death\n5,7,8,none\n6,1,1,\n")
    events, negatives = asking.read_answers(path, (9, 30, 30))
    assert events.to_dict("list") == {"t": [3, 4], "y": [10.5, 5.0], "x": [20.0, 6.0], "kind": ["division", "death"]}
    assert negatives.to_dict("list") == {"t": [5], "y": [7.0], "x": [8.0]}


def test_of_two_rounds_the_later_answer_counts(tmp_path):
    first, second = tmp_path / "answers.csv", tmp_path / "answers-2.csv"
    first.write_text("t,y,x,answer\n3,10.5,20,none\n4,5,6,death\n")
    second.write_text("t,y,x,answer\n3,10.5,20,division\n7,1,1,none\n")
    events, negatives = asking.all_answers([first, second], (9, 30, 30))
    assert events.sort_values("t")[["t", "kind"]].values.tolist() == [[3, "division"], [4, "death"]]
    assert negatives.to_dict("list") == {"t": [7], "y": [1.0], "x": [1.0]}


def test_a_table_of_questions_that_somebody_has_filled_in_is_told(tmp_path):
    path = tmp_path / "questions.csv"
    assert not asking.has_answers(path)
    path.write_text("t,y,x,answer\n3,10.5,20,\n")
    assert not asking.has_answers(path)
    for text, encoding in (("t,y,x,answer\n3,10.5,20,\n4,1,1,none\n", "utf-8"), ("t;y;x;answer\n3;10,5;20;\n4;1;1;none\n", "utf-8"),
                           ("t\ty\tx\tanswer\n3\t10.5\t20\tdeath\n", "utf-16"), ("what is this", "utf-8"), ("", "utf-8")):
        path.write_text(text, encoding)
        assert asking.has_answers(path), text


@pytest.mark.parametrize(("text", "message"), [
    ("t,y,x\n3,1,1\n", "has no column 'answer': give the table that --ask has written"),
    ("t,y,x,answer\n3,1,1,maybe\n", "the answer 'maybe' is none of division, death, none"),
    ("t,y,x,answer\n3,1,1,\n4,1,1,\n", "holds no answer yet"),
    ("t,y,x,answer\n3,1,99,none\n", "t=3, y=1, x=99 lies outside the movie"),
])
def test_answers_that_say_nothing_are_refused(tmp_path, text, message):
    (tmp_path / "answers.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        asking.read_answers(tmp_path / "answers.csv", (9, 30, 30))
