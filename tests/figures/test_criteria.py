"""The figure of the labelling criteria shows the example pairs."""

import numpy as np
from toys import shrinking_discs

from tapnb import dataset
from tapnb.figures.criteria import criteria_examples
from tapnb.studies import criteria


def test_each_row_shows_its_pair_its_masks_and_its_labels():
    movie = shrinking_discs(1)
    data = dataset.event_dataset(movie, dataset.DatasetSettings(crop_size=16, crops_per_frame_pair=60))
    examples = criteria.examples(movie.masks, data)
    assert (examples["pair"] >= 0).all()
    examples.loc[2, "pair"] = -1
    figure = criteria_examples(movie, data, examples)
    rows = np.array(figure.axes).reshape(4, 7)
    for row, example in zip(rows, examples.to_dict("records")):
        labels = [int(axes.texts[0].get_text()) for axes in row[4:]]
        assert labels == [example[c] for c in criteria.CRITERIA]
        if example["pair"] < 0:
            assert row[0].texts[1].get_text() == "none in this movie" and not row[0].images
            continue
        i, masks = example["pair"], [axes.images[0].get_array() for axes in row[2:4]]
        assert [int((mask > 0).sum()) for mask in masks] == data.areas[i].tolist()
        assert [axes.texts[0].get_text() for axes in row[2:4]] == [f"{area} px" for area in data.areas[i]]
        assert row[1].texts[0].get_text() == f"frame {data.pairs.t[i] + 1}"
