"""The page on which a person answers: every place once, and a table of the answers that is read back."""

import html
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from tapnb import asking
from tapnb.figures.event_questions import page
from tapnb.movies import Movie

PLACES = pd.DataFrame([(2, 20.0, 30.5, "division", 0.5, 0.4), (7, 50.0, 10.0, "death", 0.4, 0.6)],
                      columns=["t", "y", "x", "kind", "score", "probability"])


@pytest.fixture(scope="module")
def text():
    frames = np.random.default_rng(0).integers(0, 240, (10, 60, 90), dtype=np.uint8)
    return page(Movie(frames, name="toy <1>"), PLACES, "answers-2.csv", "tapnb events <toy> --answers answers-2.csv")


def test_every_place_is_shown_and_can_be_answered(text):
    soup = BeautifulSoup(text, "html.parser")
    assert soup.h1.text == "What do these 2 places of toy <1> show?"
    assert [image["alt"] for image in soup.select("img")] == ["Frames 1 and 2", "Frames 6 and 7"]
    assert [[option.text for option in select.select("option")] for select in soup.select("select")] == [
        ["", *asking.ANSWERS]] * 2
    assert not soup.select("link, script[src], iframe")
    assert soup.code.text == "tapnb events <toy> --answers answers-2.csv" and 'link.download = "answers-2.csv"' in text


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_what_the_browser_saves_is_read_back(text, tmp_path):
    answered = text.replace("</html>", """<script>
URL.createObjectURL = blob => { blob.text().then(saved => { document.title = saved; }); return "about:blank"; };
HTMLAnchorElement.prototype.click = () => {};
const [first] = document.querySelectorAll("select");
first.value = "division"; first.dispatchEvent(new Event("change"));
document.getElementById("save").click();
</script></html>""")
    (tmp_path / "page.html").write_text(answered, "utf-8")
    dom = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=3000", "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True).stdout
    assert "1 of 2 answered" in dom
    saved = BeautifulSoup(html.unescape(dom), "html.parser").title.text
    (tmp_path / "answers.csv").write_text(saved)
    events, negatives = asking.read_answers(tmp_path / "answers.csv", (10, 60, 90))
    assert events.to_dict("list") == {"t": [2], "y": [20.0], "x": [30.5], "kind": ["division"]} and negatives.empty
