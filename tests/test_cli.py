"""The command: quick to answer, and clear when something is wrong."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_up_results import write_results
from typer.testing import CliRunner

from tapnb import cli
from tapnb.movies import Movie
from tapnb.studies import prose
from tapnb.workflow import notebooks
from tapnb.workflow.notebooks import CHECKOUT
from tapnb.workflow.parameters import read_profile


def tapnb(*arguments):
    command = [sys.executable, "-m", "tapnb", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom tapnb import cli\nfrom typer.testing import CliRunner\n"
        "assert CliRunner().invoke(cli.app, ['--help']).exit_code == 0\n"
        "print(*{'torch', 'numpy', 'pandas', 'papermill', 'jupytext', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["data", "no-such-movie"], "no-such-movie"),
        (["run", "99_none"], "There is no notebook '99_none'"),
        (["run", "all", "-p", "pairs"], "-p NAME VALUE"),
        (["run", "all", "stray"], "-p NAME VALUE"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(arguments, says):
    done = tapnb(*arguments)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_debug_shows_the_traceback():
    done = tapnb("--debug", "run", "99_none")
    assert done.returncode == 1 and "Traceback" in done.stderr


def test_pairs_of_names_and_values():
    assert cli._pairs(["-p", "pairs", "10", "-p", "shift", "-0.5"]) == {"pairs": "10", "shift": "-0.5"}


def test_data_describes_a_movie_of_your_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (4, 128, 320), dtype=np.uint8)
    masks = np.zeros(frames.shape, np.uint8)
    masks[2, 20:40, 20:40] = 1
    tifffile.imwrite(tmp_path / "stack.tif", frames)
    tifffile.imwrite(tmp_path / "labels.tif", masks)
    (tmp_path / "movie.yaml").write_text("frames: stack.tif\nlabels: labels.tif\n")
    done = CliRunner().invoke(cli.app, ["data", "--no-open", str(tmp_path / "movie.yaml")])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines] == ["movie", "frames", "masks", "events", "page"]
    assert (tmp_path / "home").as_posix() in lines[-1] and "<h1>" in Path(lines[-1].split(maxsplit=1)[1]).read_text("utf-8")
    assert "4 of 128 x" in lines[1] and "uint8" in lines[1]
    assert lines[3] == "events  1 x division, from masks (labels.tif)"


def test_data_says_in_text_what_its_page_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    (tmp_path / "frames").mkdir()
    for number in (10, 11, 14, 15):
        both = rng.integers(0, 255, (2, 64, 160), dtype=np.uint8)
        tifffile.imwrite(tmp_path / "frames" / f"img_t{number}.tif", both, imagej=True, metadata={"axes": "CYX"})
    masks = np.zeros((4, 64, 160), np.uint8)
    masks[1, 20:30, 20:30] = masks[3, 20:30, 100:110] = 1
    masks[2, 40:50, 60:70] = 2
    tifffile.imwrite(tmp_path / "labels.tif", masks)
    (tmp_path / "movie.yaml").write_text(
        "frames: frames\nlabels: labels.tif\nchannel: 1\ngaps: allow\num_per_pixel: 0.65\n")
    done = CliRunner().invoke(cli.app, ["data", "--no-open", str(tmp_path / "movie.yaml")])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    page = Path(lines[-1].split(maxsplit=1)[1]).read_text("utf-8")
    assert "0.65 micrometres a pixel" in lines[1]
    for line in ("numbers frame 0 (file 10) to frame 3 (file 15)", "chosen  channel 1, gaps allow",
                 "events  2 x division, 1 x death, from masks (labels.tif)"):
        assert line in lines
    missing = "2 time points are missing, between frame 1 (file 11) and frame 2 (file 14)"
    assert missing in done.output and missing in page and "299 pixels would do" in done.output


def test_what_files_leave_open_is_chosen_by_options(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    both = np.random.default_rng(0).integers(0, 255, (4, 2, 128, 320), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "tc.tif", both, imagej=True, metadata={"axes": "TCYX"})
    asked = tapnb("data", str(tmp_path / "tc.tif"))
    assert asked.returncode == 2 and "--channel of `tapnb data`" in asked.stderr
    done = CliRunner().invoke(cli.app, ["data", "--no-open", str(tmp_path / "tc.tif"), "--channel", "1"])
    assert done.exit_code == 0, done.output
    assert f"fingerprint {Movie(both[:, 1]).fingerprint}" in done.output
    tifffile.imwrite(tmp_path / "tz.tif", both, imagej=True, metadata={"axes": "TZYX"})
    done = CliRunner().invoke(cli.app, ["data", "--no-open", str(tmp_path / "tz.tif"), "--plane", "max"])
    assert f"fingerprint {Movie(both.max(1)).fingerprint}" in done.output
    for option, wrong in (("--channel", "-1"), ("--plane", "top"), ("--gaps", "yes"), ("--axes", "T"), ("--plane", "9")):
        done = tapnb("data", "--no-open", str(tmp_path / "tz.tif"), option, wrong)
        assert done.returncode == 2 and option[2:] in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(("way", "arguments"), [
    ("with_labels", ["--labels", "points.csv"]), ("with_detector", ["--model", "hela"]), ("as_candidates", [])])
def test_events_passes_what_is_chosen_on(way, arguments, monkeypatch):
    class Reached(Exception):
        pass

    def stop(name, **options):
        raise Reached(options)

    from tapnb.movies import catalogue

    monkeypatch.setattr(catalogue, "open_whole", stop)
    done = CliRunner().invoke(cli.app, ["events", "tc.tif", *arguments, "--channel", "1", "--gaps", "allow", "--sequence", "02"])
    assert isinstance(done.exception, Reached), done.output
    assert done.exception.args[0] == {"sequence": "02", "channel": 1, "gaps": "allow"}


def test_a_profile_is_printed_whole_for_papermill():
    """papermill reads it with PyYAML, as YAML 1.1."""
    import yaml

    done = CliRunner().invoke(cli.app, ["profile", "longer"])
    assert done.exit_code == 0
    printed = yaml.safe_load(done.output)
    assert printed == read_profile("longer", CHECKOUT / "notebooks" / "profiles") and "extends" not in printed
    assert printed["linear_epochs"] == 15 and printed["tap_batch"] == 16


def test_every_command_has_the_same_defaults():
    for command in ("run", "book", "claims", "reproduce"):
        described = CliRunner().invoke(cli.app, [command, "--help"], terminal_width=200).output
        assert "--profile" in described and "[default: auto]" in described, command
        assert "by default the profile's" in described, command


def test_claims_are_printed_with_verdict_reason_and_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    write_results(tmp_path / "results" / "cpu" / "hela", "02_pretraining")
    done = CliRunner().invoke(cli.app, ["claims", "--profile", "cpu", "--movie", "hela"])
    assert done.exit_code == 0 and done.stdout.count("NOT RUN YET") == 12
    assert "06_strategies, which makes A0, has not run" in done.stdout and "runs: tap-synthetic-1a2b3c4d" in done.stdout
    with pytest.raises(FileNotFoundError, match="run `tapnb run all --profile paper --movie hela` first"):
        cli.claims("paper", "hela")
    with pytest.raises(FileNotFoundError, match="no profile 'papre'.*paper"):
        cli.claims("papre", "hela")


def test_findings_are_written_into_the_readme(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "CHECKOUT", tmp_path)
    with pytest.raises(FileNotFoundError, match="README.md is not there; .* in a checkout"):
        cli.findings()
    write_results(tmp_path / "results" / "cpu" / "hela", "02_try", ["acc"])
    (tmp_path / prose.TEMPLATE).parent.mkdir(parents=True)
    (tmp_path / prose.TEMPLATE).write_text("It is {value}`cpu/hela/02_try:acc`.\n")
    (tmp_path / "README.md").write_text(f"# Try\n\n{prose.BEGIN}\nold\n{prose.END}\n\n## More\n")
    for _ in range(2):  # the second time changes nothing
        done = CliRunner().invoke(cli.app, ["findings"])
        assert done.exit_code == 0 and done.stdout.split() == [str(tmp_path / "README.md")]
        written = (tmp_path / "README.md").read_text()
        assert written == f"# Try\n\n{prose.BEGIN}\n\nIt is 0.910.\n\n{prose.END}\n\n## More\n"
    (tmp_path / prose.TEMPLATE).write_text("It is {value}`cpu/hela/02_try:accuracy`.\n")
    with pytest.raises(ValueError, match="no number 'cpu/hela/02_try:accuracy'; the nearest is 'cpu/hela/02_try:acc'"):
        cli.findings()
    assert (tmp_path / "README.md").read_text() == written


def test_a_folder_that_may_not_be_written_is_named(monkeypatch, capsys):
    def full():
        raise OSError(30, "Read-only file system", "/somewhere/runs")

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert said.startswith("tapnb: /somewhere/runs: Read-only file system") and "TAPNB_HOME" in said


def test_ctrl_c_is_answered_in_a_sentence(monkeypatch, capsys):
    def interrupted():
        raise SystemExit(cli.INTERRUPTED)

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit, match="130"):
        cli.main()
    assert "the same command goes on with the rest" in capsys.readouterr().err
