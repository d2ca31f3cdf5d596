"""The page of a movie's events: what it says, and that it works in a browser, from disk and without a network."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from tapnb.figures.event_report import BUDGET, answer, event_rate, report
from tapnb.movies import Movie

pytestmark = pytest.mark.usefixtures("nothing_stays_open")

COLUMNS = ["t", "y", "x", "kind", "score", "probability"]
EVENTS = pd.DataFrame([(2, 20.0, 30.5, "division", 3.0, 0.95), (7, 50.0, 10.0, "death", 1.0, 0.7),
                       (3, 5.0, 70.0, "division", 0.5, 0.6), (7, 40.0, 60.0, "division", -1.0, 0.2)], columns=COLUMNS)
ABOUT = {"movie": "toy", "command": "tapnb events a.tif --labels <none>"}
QUALITY = {"events held back": 40, "precision": (0.91, 0.84, 0.96), "recall": (0.85, 0.76, 0.92),
           "f1": (0.88, 0.81, 0.93), "average precision": (0.9, 0.82, 0.95)}


@pytest.fixture(scope="module")
def movie():
    """10 frames of 60 x 90 pixels, of which frame t is t tenths white."""
    frames = np.random.default_rng(0).integers(0, 40, (10, 60, 90), dtype=np.uint8)
    for t in range(1, 10):
        frames[t, :, : 9 * t] += 200
    return Movie(frames, name="toy <1>", minutes_per_frame=30.0)


@pytest.fixture(scope="module")
def page(movie):
    return report(movie, EVENTS, ABOUT, QUALITY)


def words(page):
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def test_the_first_sentence_is_the_answer(movie, page):
    soup = BeautifulSoup(page, "html.parser")
    assert soup.h1.text == "Events of toy <1>"
    assert soup.p.text == "3 divisions and 1 death were found in 10 frames (4.5 hours)."
    assert "Of 40 labelled events held back, 85% were found." in words(page)
    assert "Of what was called an event there, 91% was one." in words(page)
    assert answer(EVENTS.iloc[:1], movie) == "1 division was found in 10 frames (4.5 hours)."
    assert answer(EVENTS.iloc[:0], Movie(movie.frames)) == "No event was found in 10 frames."
    assert answer(EVENTS.assign(kind="candidate"), Movie(movie.frames)) == (
        "4 candidates were found in 10 frames: places to look at first, not yet events.")


def test_of_events_that_were_not_found_nothing_else_is_said(movie):
    none = report(movie, EVENTS, ABOUT, QUALITY | {"recall": (0.0, 0.0, 0.1), "precision": (0.0, 0.0, 1.0)})
    assert "Of 40 labelled events held back, 0% were found. Nothing that was called an event there was one." in words(none)


def test_how_good_it_is_stands_there_with_intervals_or_that_nothing_is_known(movie, page):
    rows = BeautifulSoup(page, "html.parser").select("table.quality tbody tr")
    assert [[cell.text for cell in row.select("td")] for row in rows] == [
        ["0.91", "0.84 to 0.96"], ["0.85", "0.76 to 0.92"], ["0.88", "0.81 to 0.93"], ["0.90", "0.82 to 0.95"]]
    assert "nothing is known of how good these are" not in page
    unknown = report(movie, EVENTS, ABOUT, None)
    assert words(unknown).count("No labels were held back, so nothing is known of how good these are.") == 2


def test_nothing_is_fetched_and_every_image_says_what_it_shows(page):
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.select("link, script[src], iframe") and "http" not in page.replace("http://www.w3.org/2000/svg", "")
    pictures = soup.select("img:not(#frame)")
    assert len(pictures) == 1 + 4 and all(image["alt"] and image["src"].startswith("data:") for image in pictures)
    assert "<td>tapnb events a.tif --labels &lt;none&gt;" in page


def test_the_doubtful_ones_are_not_among_the_surest(movie):
    order = np.random.default_rng(1).permutation(30)
    many = pd.DataFrame({"t": order % 10, "y": 20.0, "x": 30.0, "kind": "division", "score": order / 1.0,
                         "probability": np.nan}).sort_values("score", ascending=False)

    def sheets(events):
        sections = [BeautifulSoup(section, "html.parser") for section in report(movie, events, {}).split("<h2>")]
        return {s.get_text().partition("\n")[0]: [float(re.search(r"division ([\d.-]+)", a.text)[1])
                                                 for a in s.select(".pairs a")] for s in sections if s.select(".pairs")}

    by_score = sheets(many)
    assert by_score == {"The 12 with the highest score": [29.0 - i for i in range(12)],
                        "The 12 with the lowest score": [float(i) for i in range(12)]}
    by_probability = sheets(many.assign(probability=many["score"] / 29))
    assert by_probability["The 12 surest"] == [round((29 - i) / 29, 2) for i in range(12)]
    assert sorted(by_probability["The 12 most doubtful"]) == [round(i / 29, 2) for i in range(6, 18)]


def test_the_rate_is_per_hour_if_the_interval_is_known(movie):
    divisions, deaths = event_rate(EVENTS, movie).axes
    assert divisions.get_ylabel() == "divisions per hour" and deaths.get_xlabel() == "hours"
    bars = [bar.get_height() for bar in divisions.patches]
    assert bars == [0, 0, 2, 2, 0, 0, 0, 2, 0, 0]
    np.testing.assert_allclose(divisions.lines[0].get_ydata().sum(), sum(bars), rtol=0.05)  # smoothing loses none
    gap = event_rate(EVENTS, replace(movie, unusable_pairs=np.arange(9) == 4)).axes
    assert gap[1].get_xlabel() == "frame", "where time points are missing, frames tell no hours"
    (only,) = event_rate(EVENTS[EVENTS["kind"] == "death"], Movie(movie.frames)).axes
    assert only.get_ylabel() == "deaths per frame" and max(bar.get_height() for bar in only.patches) == 1


def test_long_movies_are_shown_smaller(movie, monkeypatch):
    plain = report(movie, EVENTS, ABOUT)
    monkeypatch.setattr("tapnb.figures.event_report.BUDGET", BUDGET / 1e4)
    monkeypatch.setattr("tapnb.figures.event_report.SMALLEST", 30)
    small = report(movie, EVENTS, ABOUT)
    width = [int(BeautifulSoup(p, "html.parser").select_one("#frame")["width"]) for p in (plain, small)]
    assert width[0] == 90 and 30 <= width[1] < 60 and len(small) < len(plain)


def test_no_events_and_candidates_have_a_page_as_well(movie):
    empty = report(Movie(movie.frames), EVENTS.iloc[:0], ABOUT)
    assert "No event was found in 10 frames." in words(empty) and "There is none." in words(empty)
    candidates = report(movie, EVENTS.assign(kind="candidate", probability=np.nan), {})
    assert "score at least" in words(candidates) and "candidates (4)" in words(candidates)
    heads = [[head.text for head in BeautifulSoup(p, "html.parser").select(".scroll th")] for p in (empty, candidates)]
    assert heads == [["frame", "y", "x", "kind", "score"], ["frame", "hours", "y", "x", "kind", "score"]]


# In a browser

PROBE = """<script>
const failures = [];
addEventListener("error", event => failures.push(event.message));
console.error = text => failures.push(String(text));
addEventListener("load", async () => {
  const get = id => document.getElementById(id), states = {failures};
  const note = name => states[name] = {
    t: get("time").value, now: get("now").textContent, source: get("frame").src.slice(-40), alt: get("frame").alt,
    rings: [...document.querySelectorAll("#rings circle")].map(
      ring => [ring.getAttribute("cx"), ring.getAttribute("class") || "", ring.getAttribute("stroke")].join(" ")),
    rows: [...document.querySelectorAll("tr[data-event]")].filter(row => !row.hidden).map(row => row.dataset.event),
    count: get("count").textContent, play: get("play").textContent };
  const key = (name, target = document.body) =>
    target.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
  const set = (input, value) => { input.value = value; input.dispatchEvent(new Event("input", {bubbles: true})); };
  note("start");
  set(get("time"), 7); note("slider");
  key("ArrowLeft"); key("ArrowLeft", get("play")); note("left");
  key("ArrowRight", get("least")); note("own");
  for (let i = 0; i < 20; i++) key("ArrowRight");
  note("end");
  set(get("time"), 6); key(" "); note("playing");
  await new Promise(done => setTimeout(done, 500)); note("played"); key(" ", get("time")); note("paused");
  set(get("time"), 7); set(get("least"), 130); note("threshold");
  set(get("least"), 0); document.querySelector("input[data-kind=death]").click(); note("kind");
  document.querySelectorAll("th button")[0].click(); note("sorted");
  document.querySelectorAll("th button")[0].click(); note("reversed");
  document.querySelector("tr[data-event='2'] a").click(); note("link");
  document.title = JSON.stringify(states);
});
</script>"""


def browse(folder, page):
    """Open a page from disk, without a network, and return the JSON that it leaves as its title."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    path = folder / "report.html"
    path.write_text(page, "utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--host-resolver-rules=MAP * ~NOTFOUND",
               f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", "--window-size=1280,900",
               "--enable-logging=stderr", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert ":CONSOLE" not in done.stderr, done.stderr
    return json.loads(BeautifulSoup(done.stdout, "html.parser").title.text)


@pytest.fixture(scope="module")
def used(page, tmp_path_factory):
    return browse(tmp_path_factory.mktemp("report"), page.replace("</head>", PROBE + "</head>"))


def test_the_slider_and_the_keys_move_the_movie(used):
    assert used["failures"] == []
    assert used["start"]["t"] == "2" and used["start"]["now"] == "frame 2, 1.0 h"  # the surest event's frame
    assert used["slider"]["alt"] == "Frame 7 of the movie" and used["slider"]["source"] != used["start"]["source"]
    assert used["left"]["t"] == "5" and used["own"]["t"] == "5"  # the threshold has arrow keys of its own
    assert used["end"]["t"] == "9"
    assert used["playing"]["play"] == "Pause" and used["played"]["t"] in "89" and used["paused"]["play"] == "Play"


def test_rings_lie_on_their_events_and_are_dashed_beside_them(used):
    blue, orange = "#56B4E9", "#E69F00"
    assert used["start"]["rings"] == [f"31  {blue}", f"70.5 beside {blue}"]
    assert used["slider"]["rings"] == [f"10.5  {orange}", f"60.5  {blue}"]
    assert used["left"]["rings"] == []


def test_threshold_and_kinds_hide_events(used):
    assert used["start"]["count"] == "4 of 4 shown" and used["start"]["rows"] == ["0", "1", "2", "3"]
    assert used["threshold"]["rows"] == ["0", "1"] and used["threshold"]["count"] == "2 of 4 shown"  # 0.65
    assert [ring.split()[0] for ring in used["threshold"]["rings"]] == ["10.5"]
    assert used["kind"]["rows"] == ["0", "2", "3"]
    assert [ring.split()[0] for ring in used["kind"]["rings"]] == ["60.5"]


def test_a_heading_sorts_and_a_number_shows_its_frame(used):
    assert used["sorted"]["rows"] == ["0", "2", "3"] and used["reversed"]["rows"] == ["3", "2", "0"]
    assert used["link"]["t"] == "3"


def test_a_page_without_events_or_probabilities_works(movie, tmp_path):
    plain = Movie(movie.frames)
    script = PROBE[: PROBE.index('  note("start");')] + "  document.title = JSON.stringify(states); });</script>"
    for number, events in enumerate((EVENTS.iloc[:0], EVENTS.assign(probability=np.nan, kind="candidate"))):
        (tmp_path / str(number)).mkdir()
        page = report(plain, events, ABOUT).replace("</head>", script + "</head>")
        assert browse(tmp_path / str(number), page)["failures"] == []


def test_a_phone_does_not_scroll_sideways(page, tmp_path):
    width = "frames[0].document.documentElement.scrollWidth"
    outer = (f"<!doctype html><head></head><iframe srcdoc='{html.escape(page)}' "
             f"style='width:360px;height:900px;border:0'></iframe>"
             f"<script>addEventListener('load', () => document.title = {width})</script>")
    assert browse(tmp_path, outer) <= 360
