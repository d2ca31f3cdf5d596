"""What the claims are judged by is read from what the notebooks published."""

import json

from tapnb.studies import claim_records, claims
from tapnb.studies.verdicts import NOT_RUN

TAP = {"name": "tap-x-1", "parameters": {"test_pairs": 1000}}


def test_few_labels_are_read_from_the_profile_that_has_them_on_the_same_pretraining(tmp_path):
    for profile, name in (("cpu", "02_pretraining"), ("paper", "02_pretraining"), ("labels", "15_evidence")):
        (tmp_path / profile / "x").mkdir(parents=True)
        numbers = {"few_A1_less_C1_2": {"value": 0.2, "interval": [0.1, 0.3], "runs": []}, "A1_held-out": {}} if name[:2] == "15" else {}
        (tmp_path / profile / "x" / f"{name}.json").write_text(json.dumps(
            {"runs": {"tap": "tap-x-2" if profile == "paper" else "tap-x-1"}, "numbers": numbers}))
    assert claim_records.read(tmp_path / "cpu" / "x").numbers.keys() == {"few_A1_less_C1_2"}
    assert claim_records.read(tmp_path / "paper" / "x").numbers == {} == claim_records.read(tmp_path / "cpu" / "y").numbers
    assert claim_records.read(tmp_path / "labels" / "x").numbers.keys() == {"few_A1_less_C1_2", "A1_held-out"}


def test_records_are_read_by_role_from_what_the_notebooks_published(tmp_path):
    (tmp_path / "records").mkdir()
    for notebook, role, name in (("02_pretraining", "tap", "tap-x-1"), ("07_errors", "tap", "tap-x-2"),
                                 ("07_errors", "A1", "lost")):
        (tmp_path / f"{notebook}.json").write_text(json.dumps({"runs": {role: name}}))
    (tmp_path / "records" / "tap-x-1.json").write_text(json.dumps(TAP))
    assert claim_records.read(tmp_path).by_role == {"tap": TAP}
    assert {v.verdict for v in claims.judge(claim_records.read(tmp_path / "nowhere"))} == {NOT_RUN}
