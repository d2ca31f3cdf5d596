"""The role and the directives of the book, on a book of one page."""

import json
import re
import shutil
from urllib.parse import unquote

import pytest
from made_up_results import RECORD, write_results
from number_links import astray

from tapnb.studies import claims, prose, verdicts
from tapnb.workflow.bad_inputs import BAD_INPUTS
from tapnb.workflow.notebooks import CHECKOUT as ROOT


def test_a_number_shows_text_spread_and_runs_and_links_to_its_place(page):
    html, warnings = page("It is {num}`02_try:acc`, or {num}`smoke/synthetic/02_try:acc`.")
    assert warnings == ""
    first, second = html.select("a.tapnb-result")
    assert first.text == second.text == "0.910 ± 0.012 (n = 10)"
    assert first["href"] == "numbers.html#smoke-synthetic-02_try-acc"
    assert "tap-synthetic-1a2b3c4d" in first["title"] and "profile smoke" in first["title"]


def test_a_value_stands_alone_and_links_to_its_place(page):
    html, warnings = page("It is {value}`02_try:acc`.")
    [value] = html.select("a.tapnb-result")
    assert warnings == "" and value.text == "0.910" and value["href"] == "numbers.html#smoke-synthetic-02_try-acc"


def test_the_front_pages_findings_say_what_the_readme_says(page, tmp_path):
    template = ROOT / prose.TEMPLATE
    shutil.copytree(template.parent, tmp_path / "source" / "book" / template.parent.name)
    html, warnings = page(f"```{{include}} {template.relative_to(ROOT / 'book')}\n```", exclude_patterns=["book/_parts"],
                          tapnb_results=str(ROOT / "results"))
    assert warnings == "" and len(html.select("section > ol > li")) == 3
    assert len(html.select("a.tapnb-result")) == len(prose.ROLE.findall(template.read_text("utf-8")))
    assert not astray(tmp_path / "source" / "_build" / "html" / "book" / "page.html")
    shown = " ".join(html.find("section").text.replace("\u2019", "'").split())
    for line in prose.fill(template.read_text("utf-8"), ROOT / "results").replace("**", "").splitlines():
        for cell in line.strip(" |").split(" | "):
            assert cell.startswith("---") or re.sub(r"^\d\. ", "", " ".join(cell.split())) in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{num}`02_try:accuracy`", "no number 'accuracy'; it has acc"),
        (
            "{num}`07_none:acc`",
            "07_none.json is not there; `make book PROFILE=smoke MOVIE=synthetic` makes it",
        ),
        ("{num}`cpu/hela/02_try:acc`", "`make book PROFILE=cpu MOVIE=hela` makes it"),
        ("{num}`cpu/02_try:acc`", "neither 'name' nor 'profile/movie/name'"),
        ("```{result-table} 02_try_none\n```", "02_try_none.csv is not there"),
        ("```{provenance} 07_none\n```", "07_none.json is not there"),
        ("```{result-figure} 02_try_curve\n```", "needs :alt:"),
        ("{this}`weather`", "profile and movie, not 'weather'"),
    ],
)
def test_what_is_missing_is_a_warning_with_its_place(page, text, says):
    _, warnings = page(text)
    assert says in warnings and re.search(r"page\.md:\d", warnings)


def test_what_may_be_missing_says_how_to_make_it(page):
    html, warnings = page(
        "{num}`cpu/hela/02_try:acc?`\n\n```{result-table} cpu/hela/02_try_table\n:optional:\n```\n\n"
        "```{result-figure} 02_try_curve\n:movie: hela\n:alt: A line\n:optional:\n```"
    )
    assert warnings == ""
    lines = [p.text for p in html.select(".tapnb-missing")]
    assert lines == [
        "not run yet",
        "Not run yet: make book PROFILE=cpu MOVIE=hela",
        "Not run yet: make book PROFILE=smoke MOVIE=hela",
    ]


def test_a_table_shows_its_cells_as_they_are(page):
    html, warnings = page(
        "```{result-table} 02_try_table\n:name: tab\n:caption: Ours and $x$\n```\n\n{numref}`tab`"
    )
    assert warnings == ""
    assert [[c.text for c in r.find_all(["th", "td"])] for r in html.select("table tr")] == [
        ["group", "ours", "paper"],
        ["A1", "0.70 ± 0.03", "0.70"],
        ["B1", "<b>&", "–"],  # nothing there: a dash
    ]
    link = html.select_one("a.tapnb-csv")
    assert link["download"] == "smoke-synthetic-02_try_table.csv"
    assert unquote(link["href"].partition(",")[2]) == (page.results / "02_try_table.csv").read_text()  # "<b>&" is no number
    assert html.find("figure")["id"] == "tab" and "Table 1 Ours and" in html.find("figcaption").text


def test_a_figure_has_its_text_caption_and_name(page):
    html, warnings = page(
        "```{result-figure} 02_try_curve\n:name: fig\n:alt: A falling line\n\nIt *falls*.\n```"
    )
    assert warnings == ""
    figure = html.find("figure")
    assert figure["id"] == "fig" and figure.img["alt"] == "A falling line" and "It falls." in figure.text
    assert figure.picture.source["srcset"].endswith("02_try_curve_narrow.svg") and figure.source["media"] == "(max-width: 600px)"
    (page.results / "02_try_curve_narrow.svg").unlink()
    html, warnings = page("```{result-figure} 02_try_curve\n:alt: A falling line\n```\n\nAgain.")
    assert warnings == "" and html.select_one("figure img") and not html.select("source")


def test_provenance_and_the_books_own_profile(page):
    html, warnings = page("{this}`profile` on {this}`movie`\n\n```{provenance} 02_try\n```")
    assert warnings == "" and "smoke on synthetic" in html.text
    assert "0123456789" in html.details.summary.text and "pairs = 64" in html.details.text
    assert html.details.find("a", string=RECORD["name"])["href"] == "runs.html#run-tap-synthetic-1a2b3c4d"


def test_provenance_does_not_say_that_the_program_was_not_installed(page):
    path = page.results / "02_try.json"
    content = json.loads(path.read_text("utf-8"))
    content["provenance"]["versions"]["tapnb"] = "not installed"
    path.write_text(json.dumps(content))
    html, _ = page("```{provenance} 02_try\n```")
    assert "torch = 2" in html.details.text and "tapnb =" not in html.details.text


def test_other_published_movies_stand_in_tabs_beside_the_books_own(page, tmp_path):
    for movie in ("synthetic", "hela"):
        write_results(tmp_path / "results" / "cpu" / movie, "02_try", ["acc"], ["02_try_table"], ["02_try_curve"])
        for name in ("02_try_table.csv", "02_try_curve.svg"):  # other results than those of the book's own
            with (tmp_path / "results" / "cpu" / movie / name).open("a") as file:
                file.write("" if movie == "synthetic" else "\n" if name.endswith("svg") else "C1,0.1,0.2\n")
    shown = ("```{result-table} 02_try_table\n:name: tab\n:caption: Ours\n```\n\n"
             "```{result-figure} 02_try_curve\n:name: fig\n:alt: A line\n\nFalls.\n```")
    html, warnings = page(shown, tapnb_profile="cpu")
    assert warnings == "" and len(html.select("figcaption")) == 2 and len(html.select("img.tapnb-plot")) == 2
    assert [label.text.strip() for label in html.select(".sd-tab-label")] == 2 * ["Simulated movie", "HeLa"]
    assert [label["data-sync-id"] for label in html.select(".sd-tab-label")] == 2 * ["synthetic", "hela"]
    assert "C1" in html.find(id="tab-cpu-hela").parent.text and "C1" not in html.find(id="tab-cpu-synthetic").parent.text
    html, _ = page(shown)  # of a profile of its own: what differs from it is another tab, what is the same is not
    assert [label.text.strip() for label in html.select(".sd-tab-label")] == 2 * [
        "Simulated movie, profile smoke", "HeLa, profile cpu"]
    html, _ = page("```{result-table} cpu/hela/02_try_table\n```\n\n"
                   "```{result-table} 02_try_table\n:alone:\n```")
    assert len(html.select("table")) == 2 and not html.select(".sd-tab-label")
    html, _ = page("```{result-table} cpu/hela/02_try_table smoke/synthetic/02_try_table\n```")
    assert [label["data-sync-id"] for label in html.select(".sd-tab-label")] == ["hela", "synthetic"]
    _, warnings = page("```{result-table} 02_try_table\n:alone:\n```\n\n```{result-table} smoke/synthetic/02_try_table\n```")
    assert "02_try_table of smoke/synthetic is shown twice on this page" in warnings


def test_what_has_no_movie_stands_there_once(page, tmp_path):
    for folder in (page.results, tmp_path / "results" / "cpu" / "hela"):
        write_results(folder, "02_try", [], ["02_try_table"])
        content = json.loads((folder / "02_try.json").read_text())
        content["provenance"]["movies"] = {}
        (folder / "02_try.json").write_text(json.dumps(content))
    assert len(page("```{result-table} 02_try_table\n```")[0].select("table")) == 1


def test_the_log_sums_up_what_ran_how_long_and_on_what(page):
    other = RECORD | {"name": "strategy-synthetic-1", "kind": "strategy", "seconds": 3597.5, "cpu_seconds": 7200,
                      "device": "cuda", "finished": "2026-01-03T00:00:00Z", "sittings": [{}, {}]}
    (page.results / "records" / "strategy-synthetic-1.json").write_text(json.dumps(other))
    html, warnings = page("```{run-log}\n```")
    assert warnings == "" and "tapnb-sortable" in html.table["class"] and html.select("a.tapnb-csv")
    rows = [[cell.text for cell in row.find_all("td")] for row in html.select("tbody tr")]
    assert [row[1:6] for row in rows] == [["time-arrow trainings", "1", "0.00", "–", "1"],
                                          ["strategies", "1", "1.00", "2.00", "2"], ["all", "2", "1.00", "–", "3"]]
    assert rows[2] == ["smoke, synthetic", "all", "2", "1.00", "–", "3", "cpu, 2 threads; cuda",
                       "2026-01-01 to 2026-01-03", "0123456789"]


def test_a_run_that_two_profiles_share_is_counted_once(page):
    (record,) = (page.results / "records").glob("*.json")
    other = page.results.parents[1] / "try" / "synthetic" / "records"
    other.mkdir(parents=True)
    shutil.copy(record, other)
    html, _ = page("```{run-log}\n```")
    assert [row.td.text for row in html.select("tbody tr")] == ["smoke, synthetic"]


def test_a_cell_between_asterisks_is_bold(page):
    (page.results / "02_try_best.csv").write_text("score\n**0.9**\n0.8\n")
    html, warnings = page("```{result-table} 02_try_best\n```")
    assert warnings == "" and [s.text for s in html.select("td strong")] == ["0.9"] and "*" not in html.table.text
    assert all("tapnb-number" in td["class"] for td in html.select("td"))
    assert unquote(html.select_one("a.tapnb-csv")["href"]).endswith(",score\n0.9\n0.8\n")


def test_a_picture_of_an_executed_notebook_comes_with_its_words(page, tmp_path):
    executed = tmp_path / "source" / "book" / "executed"
    (executed / "03_try").mkdir(parents=True)
    words = {"image": {"alt": "A cell divides"}, "figure": {"caption": "It *divides*.", "name": "fig-cell"}}
    cells = [{"cell_type": "code", "metadata": {"mystnb": words}, "source": "", "outputs": []}]
    (executed / "03_try.ipynb").write_text(json.dumps({"cells": cells}))
    html, warnings = page("```{executed-figure} 03_try:fig-cell\n```", exclude_patterns=["book/executed/*.ipynb"])
    assert warnings == "" and "only where the movie was at hand" in html.select_one(".tapnb-missing").text
    (executed / "03_try" / "fig-cell.png").write_bytes(b"\x89PNG")
    html, warnings = page("It:\n\n```{executed-figure} 03_try:fig-cell\n```", exclude_patterns=["book/executed/*.ipynb"])
    assert warnings == "" and html.figure.img["alt"] == "A cell divides" and html.figure.em.text == "divides"
    _, warnings = page("```{executed-figure} 03_try:fig-none\n```")
    assert "no cell of 03_try names its figure 'fig-none'" in warnings


def test_a_verdicts_number_leads_to_its_parts_and_runs(page, monkeypatch):
    part = verdicts.Part("A1 \u2212 C1, F1", 0.2, 0.1, 0.3)
    judged = [verdicts.Verdict(n, f"claim {n}", "", verdicts.REPRODUCED, "it holds", [part], [RECORD["name"]]) for n in (1, 2)]
    monkeypatch.setattr(claims, "judge", lambda records: judged)
    html, warnings = page("```{claims} this\n```\n\n```{claims} this\n:only: 2\n```")
    assert warnings == ""
    assert [a["href"] for a in html.select("td a")] == [f"#claim-smoke-synthetic-{n}" for n in (1, 2, 2)]
    place = html.find(id="claim-smoke-synthetic-2")
    assert str(part) in place.text and place.a["href"] == "runs.html#run-tap-synthetic-1a2b3c4d"
    html, warnings = page("```{claims} this\n:only: 2\n```")  # a book without that place
    assert warnings == "" and str(part) in html.table.text and not html.select("td a")


def test_claims_have_a_column_for_every_movie_that_was_run(page):
    html, warnings = page("```{claims} cpu/hela this\n```")
    assert warnings == ""
    head, first, *rest = html.select("table tr")
    assert [c.text for c in head.select("th")] == ["the paper\u2019s claim", "synthetic, profile smoke"]
    assert len(rest) == 11 and "\u2013 not run yet" in first.text and "06_strategies, which makes A0" in first.text
    assert "make book PROFILE=cpu MOVIE=hela" in html.text
    assert [d.summary.text.split(":")[0] for d in html.select("details")] == ["synthetic, profile smoke"]
    assert html.details.find("a", string=RECORD["name"])["href"] == "runs.html#run-tap-synthetic-1a2b3c4d"


def test_a_claim_that_nobody_measured_is_no_missing_movie(page):
    html, warnings = page("```{claims} cpu/synthetic cpu/hela\n:only: 12\n```", tapnb_results=str(ROOT / "results"))
    assert warnings == "" and len(html.select("thead th")) == 3 and "make book" not in html.text


def test_a_section_shows_its_own_claims(page):
    html, warnings = page("```{claims} this\n:only: 4 12\n```")
    assert warnings == "" and [r.td.text.split(".")[0] for r in html.select("table tr")[1:]] == ["4", "12"]
    assert "The paper itself: C1 and C0 are equal" in html.em.text


def test_a_page_is_built_again_when_its_number_changes(page):
    text = "{num}`02_try:acc`"
    page(text)
    content = json.loads((page.results / "02_try.json").read_text())
    content["numbers"]["acc"]["text"] = "0.777"
    (page.results / "02_try.json").write_text(json.dumps(content))
    html, _ = page(text)
    assert "0.777" in html.text


def test_two_profiles_are_compared_setting_by_setting(page):
    html, warnings = page("```{profiles} cpu paper\n```")
    assert warnings == "" and "tapnb-sortable" in html.table["class"] and html.select_one("a.tapnb-csv")["download"] == "cpu-paper.csv"
    rows = {row.td.text: [cell.text for cell in row.find_all("td")] for row in html.select("tbody tr")}
    assert rows["tap_pairs"][2] == "2\u202f000\u202f000" and "crop pairs seen in training" in rows["tap_pairs"][3]
    assert "crops_per_frame_pair" not in rows  # the same in both


def test_longer_is_cpu_with_more_epochs(page):
    html, _ = page("```{profiles} cpu longer\n```")
    changed = [row.td.text for row in html.select("tbody tr")]
    assert changed == ["strategies", "linear_epochs", "resnet_epochs"]


def test_bad_inputs_stand_by_kind_with_what_is_said_of_each(page, tmp_path):
    html, warnings = page("```{bad-inputs}\n```")
    assert warnings == ""
    kinds = list(dict.fromkeys(row.group for row in BAD_INPUTS))
    assert [p.text for p in html.select("p.rubric")] == kinds and len(html.select("table")) == len(kinds)
    rows = {row.td.text: row.find_all("td")[1].text for row in html.select("tbody tr")}
    assert len(html.select("tbody tr")) == len(BAD_INPUTS) and all(rows.values())
    assert "not 'many'" in rows["a word for a number"]  # quotes as they are printed
    assert "NIS-Elements" in rows["a file of a Nikon microscope"] and rows["an empty folder"].startswith("The folder movie holds no")
    assert str(tmp_path.parent) not in html.text and "/tmp/" not in html.text
