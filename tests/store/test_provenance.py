"""What a code fingerprint counts, and what it doesn't."""

from pathlib import Path

from tapnb.store import provenance

CODE = '''"""A module."""
def double(x):
    """Twice."""
    return 2 * x  # two
'''


def fingerprint(monkeypatch, tmp_path, code: str) -> str:
    (tmp_path / "module.py").write_text(code)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "store" / "provenance.py"))
    return provenance.code_fingerprint("module")


def test_prose_does_not_count_and_code_does(monkeypatch, tmp_path):
    first = fingerprint(monkeypatch, tmp_path, CODE)
    prose = CODE.replace("Twice.", "Two times x.").replace("# two", "# 2").replace("return", "\n    return")
    assert fingerprint(monkeypatch, tmp_path, prose) == first
    assert fingerprint(monkeypatch, tmp_path, CODE.replace("2 * x", "3 * x")) != first
    assert len(first) == 8


def test_versions_name_what_can_change_a_number():
    found = provenance.versions()
    assert {"python", "torch", "numpy", "tapnb"} <= set(found) and all(found.values())


def test_outside_a_checkout_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "tapnb" / "store" / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path(tmp_path).parent))
    assert provenance.commit() == (None, False)
