"""Made-up results in the real layout, for the tests of the book."""

import csv
import json

NUMBER = {"value": 0.91, "std": 0.012, "n": 10, "runs": ["tap-synthetic-1a2b3c4d"], "text": "0.910"}
RECORD = {
    "name": "tap-synthetic-1a2b3c4d",
    "kind": "tap",
    "code": "0123abcd",
    "seed": 1,
    "parameters": {"pairs": 64},
    "seconds": 2.5,
    "results": {"accuracies": [{"sampler": "uniform", "size": 48, "right": 60, "n": 100}]},
}
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">
<path d="M5 5 L80 50" stroke="#0072B2"/></svg>"""


def write_results(folder, notebook, numbers=(), tables=(), figures=()):
    """Write made-up results in the real layout: ``folder`` is ``results/<profile>/<movie>``."""
    (folder / "records").mkdir(parents=True, exist_ok=True)
    (folder / "records" / f"{RECORD['name']}.json").write_text(json.dumps(RECORD))
    content = {
        "notebook": notebook,
        "profile": folder.parts[-2],
        "movie": folder.parts[-1],
        "numbers": dict.fromkeys(numbers, NUMBER),
        "runs": {"tap": RECORD["name"]},
        "provenance": {
            "commit": "0123456789abcdef",
            "dirty": False,
            "versions": {"torch": "2"},
            "device": ["cpu"],
            "seconds": 2.5,
            "parameters": {"pairs": 64},
            "made": "2026-01-01T00:00:00Z",
        },
    }
    (folder / f"{notebook}.json").write_text(json.dumps(content))
    for name in tables:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [["group", "ours", "paper"], ["A1", "0.70 ± 0.03", "0.70"], ["B1", "<b>&", ""]]
            )
    for name in figures:
        (folder / f"{name}.svg").write_text(SVG)
