"""The fuzzing itself finds what it looks for; and in one minute it finds nothing in our readers."""

import os
import signal
import sys
import time

import pytest
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fuzzing limits memory and time as Linux does")
if sys.platform == "linux":
    import fuzz
    from fuzz_watch import Limits, Reader

def unclear(path):
    raise ValueError("not this one")


def clear(path):
    raise ValueError(f"{path} is bad: save it again.")


def busy(path):
    while True:
        pass


def caught(path):
    try:
        return busy(path)
    except Exception:
        return None


def in_c(path):
    return sum(range(10**12))


def fills(path):
    return bytearray(2**36)


def hidden(path):
    try:
        return bytearray(2**36)
    except MemoryError:
        clear(path)


def findings_of(read, tmp_path, **limits):
    """What the fuzzing finds in a reader that does something to every file that begins with an a, in two rounds."""
    said = []
    findings = fuzz.Findings(tmp_path / "kept", said.append)
    files = st.sampled_from([b"a" * 100, b"a", b"b"])
    reader = Reader("some.txt", lambda: files, lambda path: read(path) if path.read_bytes().startswith(b"a") else None)
    fuzz.fuzz({"some": reader, "sound": Reader("sound.txt", lambda: files, clear)}, 1e-4, 1, findings,
              Limits(**{"seconds": 0.2, "files": 5} | limits))
    return findings, said


@pytest.mark.parametrize(("read", "kind"), [
    (lambda path: {}["key"], "some: KeyError is no error of ours; outside tapnb"),
    (unclear, "some: ValueError does not name the file; outside tapnb"),
    (lambda path: clear(f"{path}\n"), "some: ValueError is no sentence; outside tapnb"),
    (lambda path: sys.exit(3), "some: SystemExit is no error of ours; outside tapnb"),
    (busy, "some: Hanging comes of a read that hangs; outside tapnb"),
    (caught, "some: Hanging comes of a read that hangs; outside tapnb"),
    (lambda path: time.sleep(60), "some: Hanging comes of a read that hangs; outside tapnb"),
    (in_c, "some: hangs where nothing interrupts it: SIGPROF"),
    (lambda path: os.kill(os.getpid(), signal.SIGKILL), "some: ends the process: SIGKILL"),
    (fills, "some: MemoryError comes of memory that is filled; outside tapnb"),
    (hidden, "some: ValueError comes of memory that is filled; outside tapnb"),
    (lambda path: b"x" * 2**30, "some: fills 768 MiB of memory"),
], ids=["crash", "no name", "two lines", "exit", "busy", "busy and caught", "asleep", "busy in C", "killed", "memory",
        "memory, hidden", "memory filled"])
def test_what_a_reader_does_wrong_is_found_and_its_smallest_file_kept(tmp_path, read, kind):
    findings, said = findings_of(read, tmp_path, seconds=5 if "mem" in kind else 0.2)
    assert list(findings.sizes) == [kind]
    assert len(said) == 1 and said[0].startswith(f"FOUND {kind}; {tmp_path / 'kept' / 'some-1' / 'some.txt'}; ")
    assert (tmp_path / "kept" / "some-1" / "some.txt").read_bytes().startswith(b"a")


def test_the_fuzzing_goes_on_after_a_finding_and_counts_every_file(tmp_path):
    findings, said = findings_of(unclear, tmp_path, files=50)
    assert len(said) == 1 and findings.sizes == {"some: ValueError does not name the file; outside tapnb": 1}
    assert (tmp_path / "kept" / "some-1" / "some.txt").read_bytes() == b"a"
    assert findings.tried["some"] >= 3 and 0 < findings.refused["some"] < findings.tried["some"]


def test_a_sound_reader_has_no_finding_and_the_log_tells_the_seed_and_the_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "READERS", {"some": Reader("some.txt", lambda: st.binary(), clear)})
    assert fuzz.main(["--minutes", "0.0001", "--seed", "7", "--log", str(tmp_path / "log"), "--keep", str(tmp_path)]) == 0
    log = (tmp_path / "log").read_text()
    assert log == capsys.readouterr().out and log.startswith("seed 7, 0.0001 minutes") and "some: 200 files, 200 refused" in log
    monkeypatch.setitem(fuzz.READERS, "other", Reader("other.txt", lambda: st.binary(), unclear))
    assert fuzz.main(["--minutes", "0.0001", "--only", "other", "--keep", str(tmp_path)]) == 1


@pytest.mark.slow
def test_a_minute_finds_nothing_in_our_readers(tmp_path):
    assert fuzz.main(["--minutes", "1", "--seed", "1", "--keep", str(tmp_path)]) == 0
