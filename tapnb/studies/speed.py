"""How fast, from ``results/benchmarks.json``: every measured ratio and the machine, as tables of text.

Nothing is measured here, and no network is needed to read the file; ``make bench`` writes it. What it does not hold
(yet) is :data:`MISSING` in a table, and no number.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from statistics import median

import pandas as pd

from tapnb.metrics.quantity import Quantity
from tapnb.store import results
from tapnb.store.runs import slug
from tapnb.studies import speed_peak
from tapnb.system import paths

MISSING = "not measured"

ROWS = {"step": "training step of the time arrow", "augmentation": "augmentation", "crops": "sampling crop pairs",
        "linear_heads": "linear event heads", "resnet_heads": "ResNet event heads",
        "frame": "dense features of a frame", "event_map": "event map of a movie",
        "detector": "scores of a detector", "sweep": "a sweep with two workers", "import": "import tapnb",
        "import_networks": "import tapnb.recognise",
        "help": "tapnb -\u2060-help", "step_cuda": "training step on a CUDA device"}
"""What is to be measured beside a plain way; a row that was measured has its own title."""

GROWTH = {"frames": "frames", "frame_size": "frame size", "crop_pairs": "crop pairs", "seeds": "seeds",
          "threads": "threads"}
"""Against what growth is to be measured."""


def find(path: str = "") -> Path:
    """Path of the measurements: the given one, else this home's, else those that came with the checkout."""
    own = paths.results() / "benchmarks.json"
    published = Path(__file__).resolve().parents[2] / "results" / "benchmarks.json"
    return Path(path) if path else published if published.is_file() and not own.is_file() else own


def read(path: Path) -> dict:
    """The measurements, with an empty place for each part that has not been made.

    Returns
    -------
    dict
        ``machine``, ``rows``, ``growth``, ``large``, ``memory``, ``films`` and ``precision``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no measurements in {path}; `make bench` makes them")
    try:
        kept = json.loads(path.read_text("utf-8"))
        measured = {part: kept.get(part) or {} for part in ("machine", "rows", "growth", "large", "memory", "films", "precision")}
        for part, order in (("rows", ROWS), ("growth", GROWTH)):  # the file's own order is that of the alphabet
            there = measured[part]
            measured[part] = {key: there[key] for key in dict.fromkeys([*order, *there]) if key in there}
        for key, row in measured["rows"].items():
            row["also"] = row.get("also", {}) | speed_peak.beside(key, row, measured["machine"])
        for row in measured["rows"].values():  # a side without a time would be a table without a number
            sides = [side for side in (row["plain"], row["ours"], *row.get("others", {}).values()) if side]
            for place, name in (row, "title"), *((side, "what") for side in sides):
                place[name] = as_prose(place[name])
            _ = row["unit"], row["goal"], [median(side["seconds"]) for side in sides]
            _ = [(entry["value"], entry["unit"]) for entry in row.get("also", {}).values()]
        for kind in measured["growth"].values():
            _ = kind["title"], kind["against"], [(p["x"], p["series"], median(p["seconds"])) for p in kind["points"]]
        for run in measured["precision"].get("runs", []):
            _ = run["precision"], run["seed"], run["accuracies"], run["history"][-1]["train_loss"]
        if large := measured["large"]:
            _ = [large[size] for size in ("movie_gb", "limit_gb", "peak_gb")]
            _ = [(step["what"], step["seconds"]) for step in large["steps"]]
        for film in measured["films"].get("films", []):
            _ = [film[key] for key in ("what", "key", "frames", "size", "seconds", "events", "peak_gb", "goal_s", "goal_gb")]
        if memory := measured["memory"]:
            _ = memory["goal_gb"], [(notebook["notebook"], notebook["peak_gb"]) for notebook in memory["notebooks"]]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}); `make bench` makes it again") from None
    return measured


def as_prose(words: str) -> str:
    """Words with code as a table shows it: no backticks, and two hyphens that typography makes no dash of."""
    return words.replace("`", "").replace("--", "-\u2060-")


def text(value: float, unit: str = "") -> str:
    """Three significant digits, or a whole number, and a unit; seconds in what reads best, from µs to h."""
    if unit == "s":
        for below, factor, unit in ((1e-3, 1e6, "µs"), (1, 1e3, "ms"), (120, 1, "s"), (7200, 1 / 60, "min"),
                                    (math.inf, 1 / 3600, "h")):
            if abs(value) < below:
                value *= factor
                break
    return results.number(value, [], decimals(value), unit=unit)["text"]


def decimals(value: float) -> int:
    """Decimals that make three significant digits; none for a whole number."""
    return 0 if value == round(value) else max(0, 2 - math.floor(math.log10(abs(value))))


def limit(goal: float, at_least: bool, unit: str = "") -> str:
    """A goal as it was set: "≥ 6", "≤ 0.3 s"."""
    return f"{'≥' if at_least else '≤'} {goal:g}" + (f"\u202f{unit}" if unit else "")


def ratios(measured: dict) -> pd.DataFrame:
    """Plain time over ours, for every row that has both.

    Returns
    -------
    DataFrame
        ``row``, ``title``, ``ratio`` (of the medians), ``low`` and ``high`` (the extremes of the ratios of repetitions
        that were made by turns), ``goal`` (NaN: none).
    """
    compared = []
    for key, row in measured["rows"].items():
        if row["plain"] and row["ours"]:
            plain, ours = row["plain"]["seconds"], row["ours"]["seconds"]
            by_turns = [a / b for a, b in zip(plain, ours)]
            goal = math.nan if row["goal"] is None else row["goal"]
            compared.append((key, row["title"], median(plain) / median(ours), min(by_turns), max(by_turns), goal))
    return pd.DataFrame(compared, columns=["row", "title", "ratio", "low", "high", "goal"])


def reached(value: float, goal: float | None, at_least: bool) -> str:
    """"yes", a bold "no", or nothing where there is no goal."""
    if goal is None or math.isnan(goal):
        return ""
    return "yes" if (value >= goal if at_least else value <= goal) else "**no**"


def rows(measured: dict) -> pd.DataFrame:
    """The main table: medians of both ways, their ratio with its extremes, and whether the goal was reached.

    A row without a plain way, such as the time of an import, has its goal in seconds.
    """
    compared = ratios(measured).set_index("row")
    table = []
    for key in dict.fromkeys([*ROWS, *measured["rows"]]):
        row = measured["rows"].get(key)
        if not row or not row["ours"]:
            table.append([row["title"] if row else ROWS[key], "", "", MISSING, "", "", ""])
            continue
        plain, ours = (text(median(side["seconds"]), "s") if side else "" for side in (row["plain"], row["ours"]))
        if key in compared.index:
            _, ratio, low, high, goal = compared.loc[key]
            shown = Quantity(f"{text(ratio)} ({text(low)} to {text(high)})", ratio, low=low, high=high)
            asked = "" if math.isnan(goal) else limit(goal, at_least=True)
            met = reached(ratio, goal, at_least=True)
        else:
            shown, asked = "", "" if row["goal"] is None else limit(row["goal"], False, "s")
            met = reached(median(row["ours"]["seconds"]), row["goal"], at_least=False)
        table.append([row["title"], row["unit"], plain, ours, shown, asked, met])
    return pd.DataFrame(table, columns=["what", "per", "plain", "here", "plain / here", "goal", "reached"])


def sides(measured: dict) -> pd.DataFrame:
    """What the plain way of each row is, and what ours; the peak memory of both, and how often each was timed."""
    table = []
    for row in measured["rows"].values():
        both = [row["plain"], row["ours"]]
        memory = [text(side["memory_gb"], "GB") if side and side.get("memory_gb") is not None else "" for side in both]
        table.append([row["title"], *(side["what"] if side else "" for side in both), *memory,
                      ", ".join(str(len(side["seconds"])) for side in both if side)])
    return pd.DataFrame(table or [[MISSING] + [""] * 5], columns=[
        "what", "plain", "here", "peak memory, plain", "peak memory, here", "repetitions"])


def more_is_better(what: str, unit: str) -> bool:
    """Whether a goal is a lower limit, as for rates, for precision, and for the share of a processor's peak."""
    return bool(re.search(r"share of .*peak|precision", what) or unit.endswith("/s"))


def beside(what: str, entry: dict) -> tuple[float, float | None, str]:
    """Value, goal and unit of what was measured beside a ratio, a share in per cent."""
    value, goal, unit = entry["value"], entry.get("goal"), entry["unit"]
    if "share" in what and not unit:
        return 100 * value, None if goal is None else 100 * goal, "%"
    return value, goal, unit


def also(measured: dict) -> pd.DataFrame:
    """What else was measured with a row."""
    table = []
    for key, row in measured["rows"].items():
        for what, entry in row.get("also", {}).items():
            value, goal, unit = beside(what, entry)
            at_least = more_is_better(what, unit)
            asked = "" if goal is None else limit(goal, at_least, unit)
            table.append([row["title"], what, text(value, unit), asked, reached(value, goal, at_least)])
        if key == "event_map" and not any("difference" in what for what in row.get("also", {})):
            table.append([row["title"], "difference of the two maps", MISSING, "", ""])
    return pd.DataFrame(table or [[MISSING, "", "", "", ""]], columns=["row", "what", "value", "goal", "reached"])


def missed(measured: dict) -> pd.DataFrame:
    """The goals that were not reached."""
    main, more = rows(measured), also(measured)
    main = pd.DataFrame({"what": main["what"], "measured": main["plain / here"].where(main["plain / here"] != "",
                         main["here"]), "goal": main["goal"], "reached": main["reached"]})
    more = pd.DataFrame({"what": more["row"] + ": " + more["what"], "measured": more["value"], "goal": more["goal"],
                         "reached": more["reached"]})
    table = pd.concat([main, more]).query("reached == '**no**'").drop(columns="reached").reset_index(drop=True)
    return table if len(table) else pd.DataFrame([["none of those measured", "", ""]], columns=table.columns)


def machine(measured: dict) -> pd.DataFrame:
    """The machine: processor, instruction sets, threads, memory, measured peaks, versions."""
    described = measured["machine"]
    peaks = {f"peak, {name}": "no hardware for it" if peak is None else text(peak, "GFLOP/s")
             for name, peak in described.get("peak_gflops", {}).items()}
    facts = {"processor": described.get("processor"),
             "instruction sets": ", ".join(described.get("instruction_sets", [])),
             "cores": described.get("cores"), "threads": described.get("threads"),
             "memory": text(described["memory_gb"], "GB") if "memory_gb" in described else None,
             "GPU": described.get("gpu") or "none",
             **peaks, "system": described.get("system"),
             "versions": ", ".join(f"{name} {version}" for name, version in described.get("versions", {}).items())}
    return pd.DataFrame([[what, str(value) if value else MISSING] for what, value in facts.items()],
                        columns=["machine", "found"])


def origins(measured: dict) -> pd.DataFrame:
    """Where every part comes from: commit, time, device, seed, and how long it took."""
    parts = {row["title"]: row for row in measured["rows"].values()}
    parts |= {f"growth with {GROWTH.get(key, key)}": kind for key, kind in measured["growth"].items()}
    parts |= {name: measured[part] for name, part in (("a movie larger than memory", "large"),
                                                      ("memory of the notebooks", "memory"),
                                                      ("from a file to its events", "films"),
                                                      ("precision", "precision")) if measured[part]}
    table = [[name, (part.get("commit") or "no checkout")[:10] + (", changed since" if part.get("dirty") else ""),
              part.get("made", ""), part.get("device", ""), str(part.get("seed", "")),
              text(part["took_s"], "s") if part.get("took_s") is not None else ""] for name, part in parts.items()]
    return pd.DataFrame(table or [[MISSING] + [""] * 5], columns=["part", "commit", "made", "device", "seed", "took"])


def numbers(measured: dict) -> dict[str, dict]:
    """Numbers of the rows, the machine and the goals, see :func:`tapnb.store.results.number`."""
    table: dict[str, dict] = {}
    for row in ratios(measured).itertuples():
        for part in ("ratio", "low", "high", "goal"):
            put(table, f"{row.row}_{part}", getattr(row, part))
    for key, row in measured["rows"].items():
        for name in ("plain", "ours"):
            if row[name]:
                middle = median(row[name]["seconds"])
                put(table, f"{key}_{name}", middle, "s")
                put(table, f"{key}_{name}_rate", 1 / middle if row["unit"] == "pair" else None)
                put(table, f"{key}_{name}_memory", row[name].get("memory_gb"), "GB")
        for what, entry in row.get("also", {}).items():
            value, _, unit = beside(what, entry)
            put(table, f"{key}_{key_of(what)}", value, unit)
    for name in ("cores", "threads"):
        put(table, f"machine_{name}", measured["machine"].get(name))
    put(table, "machine_memory", measured["machine"].get("memory_gb"), "GB")
    for name, peak in measured["machine"].get("peak_gflops", {}).items():
        put(table, f"peak_{name}", peak, "GFLOP/s")
    judged, both = pd.concat([rows(measured)["reached"], also(measured)["reached"]]), ratios(measured).dropna()
    of_ratios, ratios_reached = len(both), int((both["ratio"] >= both["goal"]).sum())
    for name, count, reached_count in (("ratio_goals", of_ratios, ratios_reached),
                                       ("other_goals", int((judged != "").sum()) - of_ratios,
                                        int((judged == "yes").sum()) - ratios_reached)):
        put(table, name, count)
        put(table, f"{name}_reached", reached_count)
    if "step" in measured["rows"]:  # the paper's 2 million pairs
        put(table, "step_days_of_the_paper", 2e6 * median(measured["rows"]["step"]["ours"]["seconds"]) / 86_400, "days")
    return table


def put(table: dict[str, dict], key: str, value: float | None, unit: str = "") -> None:
    """Add a number in readable digits and units; nothing if it was not measured."""
    if value is not None and not math.isnan(value):
        table[key] = results.number(value, []) | {"text": text(value, unit)}


def key_of(words: str) -> str:
    """A key from words: "accuracy, change, 48 pixels" is "accuracy_change_48_pixels"."""
    return slug(words).replace("-", "_")
