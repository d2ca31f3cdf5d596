"""What is published, and what follows from it."""

import json

import pytest

from tapnb.store import results, runs
from tapnb.workflow import published
from tapnb.workflow.parameters import read_profile
from tapnb.workflow.published import decide, own_name, profile_and_movie

CELL = """# %% tags=["parameters"]
profile: str = "none"  # settings
movie: str = "none"  # movie
mode: str = "execute"  # execute or restore
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))


@pytest.fixture
def sources(tmp_path):
    """Two notebooks and three profiles, of which `smoke` has a movie of its own."""
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "01_a.py").write_text(CELL + "pairs: int = 5  # how many\nrate: float = 0.1  # how fast\n")
    (folder / "02_b.py").write_text(CELL + "device: str = 'auto'  # where\nkinds: list[str] = []  # which\n")
    (folder / "profiles" / "cpu.yaml").write_text("pairs: 100\n")
    (folder / "profiles" / "smoke.yaml").write_text("extends: cpu\nmovie: synthetic-4x96\npairs: 2\n")
    (folder / "profiles" / "mine.yaml").write_text("pairs: 3\n")
    return folder


def publish(profile, movie, **parameters):
    """Write the results of both notebooks, as they were made with these parameters."""
    for name in ("01_a", "02_b"):
        path = results.folder(profile, movie) / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"provenance": {"parameters": parameters}}))


def settled(sources, wanted="all", profile="auto", movie=None, mode="auto", **overrides):
    job = decide(wanted, profile, movie, mode, overrides, sources)
    return job.profile, job.movie, job.mode


def test_the_published_profile_is_taken_where_all_notebooks_of_the_movie_are_published(sources):
    assert profile_and_movie("auto", None, sources) == ("smoke", "synthetic-4x96")
    publish("cpu", "synthetic")
    assert profile_and_movie("auto", None, sources) == ("cpu", "synthetic")
    assert profile_and_movie("auto", "hela", sources) == ("smoke", "hela")
    publish("cpu", "hela")
    (results.folder("cpu", "hela") / "02_b.json").unlink()
    assert profile_and_movie("auto", "hela", sources) == ("smoke", "hela")


def test_a_movie_that_is_named_goes_before_the_profiles(sources):
    assert profile_and_movie("smoke", None, sources) == ("smoke", "synthetic-4x96")
    assert profile_and_movie("smoke", "hela20", sources) == ("smoke", "hela20")
    assert profile_and_movie("mine", None, sources) == ("mine", "synthetic")
    with pytest.raises(FileNotFoundError, match="no profile 'mien'"):
        profile_and_movie("mien", None, sources)


def test_what_is_published_with_these_very_parameters_is_restored_and_anything_else_executed(sources):
    assert settled(sources) == ("smoke", "synthetic-4x96", "execute")
    publish("cpu", "synthetic", pairs=100, rate=0.1, size=1024)  # a parameter that is gone, and two that came since
    assert settled(sources) == ("cpu", "synthetic", "restore")
    assert settled(sources, mode="execute") == ("cpu", "synthetic", "execute")
    assert settled(sources, "02") == ("cpu", "synthetic", "restore")
    assert settled(sources, profile="mine") == ("mine", "synthetic", "execute")
    (sources / "profiles" / "cpu.yaml").write_text("pairs: 101\n")
    assert settled(sources) == ("cpu", "synthetic", "execute")
    assert settled(sources, "02") == ("cpu", "synthetic", "restore")


def test_what_a_parameter_stood_for_before_there_was_one_is_known(sources):
    with (sources / "01_a.py").open("a") as notebook:
        notebook.write('single_child: str = "link"  # kind\n')
    publish("cpu", "synthetic", pairs=100, rate=0.1)
    assert settled(sources, "01", "cpu") == ("cpu", "synthetic", "execute")  # links were counted as divisions then
    (sources / "profiles" / "cpu.yaml").write_text("pairs: 100\nsingle_child: division\n")
    assert settled(sources, "01", "cpu") == ("cpu", "synthetic", "restore")


def test_results_of_a_profile_that_is_not_published_are_no_reason_to_restore(sources):
    publish("mine", "synthetic", pairs=3)
    assert settled(sources, profile="mine") == ("mine", "synthetic", "execute")


def test_parameters_never_go_over_what_is_published(sources):
    publish("cpu", "synthetic", pairs=100)
    assert settled(sources, "01", pairs="7") == ("cpu--pairs-7", "synthetic", "execute")
    both = settled(sources, "01", "cpu", "hela", pairs="7", rate="1e-3")
    assert both == ("cpu--pairs-7--rate-0-001", "hela", "execute")
    assert settled(sources, "01", pairs="100") == ("cpu", "synthetic", "restore")  # as the profile has it
    assert settled(sources, "01", rate="1e-1", profile="cpu") == ("cpu", "synthetic", "restore")
    assert settled(sources, "01", "mine", pairs="7") == ("mine", "synthetic", "execute")  # not published
    job = decide("all", "cpu", None, "auto", {"pairs": "7"}, sources)
    assert job.parameters["01_a"] == {"profile": "cpu--pairs-7", "movie": "synthetic", "mode": "execute", "pairs": 7,
                                      "rate": 0.1}
    assert job.parameters["02_b"]["profile"] == "cpu--pairs-7" and job.changes == {"pairs": 7} and job.base == "cpu"


def test_a_name_that_the_caller_gives_is_not_that_of_a_published_profile(sources):
    job = decide("01", "smoke", None, "auto", {"profile": "mine", "pairs": "7"}, sources)
    assert (job.profile, job.base, job.parameters["01_a"]["pairs"]) == ("mine", "smoke", 7)
    with pytest.raises(ValueError, match="Results of 'cpu' are published: give --profile cpu"):
        decide("01", "smoke", None, "auto", {"profile": "cpu"}, sources)
    assert decide("01", "cpu", None, "auto", {"profile": "cpu", "pairs": "7"}, sources).profile == "cpu--pairs-7"


@pytest.mark.parametrize(("changes", "name"), [
    ({"tap_pairs": 1000}, "cpu--tap-pairs-1000"), ({"b": True, "a": 0.5}, "cpu--a-0-5--b-true"),
])
def test_a_profiles_own_name_says_what_differs(changes, name):
    assert own_name("cpu", changes) == name


def test_a_name_that_would_be_long_or_like_another_has_a_hash():
    many = [own_name("cpu", {f"a_long_parameter_{i}": i for i in range(9)} | {"last": last}) for last in (1, 2)]
    lists = [own_name("cpu", {"seeds": seeds}) for seeds in ([1, 2], [12], [])]
    negative = [own_name("cpu", {"seed": seed}) for seed in (-1, 1)]
    for alike in (many, lists, negative):
        assert len(set(alike)) == len(alike) and max(map(len, alike)) <= published.LONGEST, alike


def test_a_profile_of_its_own_name_can_be_run_again(sources):
    job = decide("01", "cpu", None, "auto", {"rate": "1e-10"}, sources)
    published.keep_profile(job, sources / "profiles")
    assert read_profile(job.profile, sources / "profiles") == {"pairs": 100, "rate": 1e-10}
    again = decide("01", job.profile, None, "auto", {}, sources)
    assert again.parameters == job.parameters and again.profile == again.base == job.profile
    third = decide("01", job.profile, None, "auto", {"pairs": 7}, sources)
    published.keep_profile(third, sources / "profiles")
    assert third.profile == f"{job.profile}--pairs-7", "the one that was there is left as it is"
    assert read_profile(job.profile, sources / "profiles")["pairs"] == 100
    assert read_profile(third.profile, sources / "profiles") == {"pairs": 7, "rate": 1e-10}
    published.keep_profile(decide("01", "mine", None, "auto", {"rate": 2}, sources), sources / "profiles")
    assert len(list((sources / "profiles").iterdir())) == 5


def test_a_profile_of_its_own_name_rests_on_the_runs_of_the_profile_that_it_extends(sources):
    publish("cpu", "synthetic")
    path = results.folder("cpu", "synthetic") / "01_a.json"
    path.write_text(json.dumps({"runs": {"tap": "tap-x-1"}}))
    assert results.published_run("cpu--pairs-7", "synthetic", "01_a", "tap") == "tap-x-1"
    own = results.folder("cpu--pairs-7", "synthetic") / "01_a.json"
    own.parent.mkdir(parents=True)
    own.write_text(json.dumps({"runs": {"tap": "tap-x-2"}}))
    assert results.published_run("cpu--pairs-7", "synthetic", "01_a", "tap") == "tap-x-2"
    with pytest.raises(FileNotFoundError, match="--profile cpu --movie hela"):
        results.published_run("cpu--pairs-7", "hela", "01_a", "tap")


def test_two_movies_of_one_name_have_two_places(tmp_path, monkeypatch, sources):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "stack.tif").touch()
    one, other = (settled(sources, movie=str(tmp_path / folder / "stack.tif"))[1] for folder in "ab")
    assert runs.movie_slug(one) != runs.movie_slug(other)
    monkeypatch.chdir(tmp_path / "a")  # typed where the user stands, opened by a kernel that stands in the checkout
    assert settled(sources, movie="stack.tif")[1] == one
    with pytest.raises(ValueError, match="There is no movie 'stak.tif'"):
        settled(sources, movie="stak.tif")
