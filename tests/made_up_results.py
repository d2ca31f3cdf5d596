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
    "commit": "0123456789abcdef",
    "device": "cpu, 2 threads",
    "finished": "2026-01-01T00:00:00Z",
    "sittings": [{}],
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
            "movies": {"train": "synthetic, fingerprint 0a1b"},
        },
    }
    (folder / f"{notebook}.json").write_text(json.dumps(content))
    for name in tables:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [["group", "ours", "paper"], ["A1", "0.70 ± 0.03", "0.70"], ["B1", "<b>&", ""]]
            )
    for name in figures:
        for file in (f"{name}.svg", f"{name}_narrow.svg"):  # of another movie another one
            (folder / file).write_text(f"{SVG}<!-- {folder.name} -->\n")


STAMP = {"commit": "0123456789abcdef", "dirty": False, "made": "2026-01-01T00:00:00Z", "took_s": 90.0, "parameters": {}}


def measured_row(title, unit, plain, ours, goal, also=None):
    """A row of made-up measurements: seconds of both ways, five repetitions each; ``plain`` may be None."""
    sides = [seconds and {"what": f"the {name} way", "seconds": seconds, "memory_gb": 2.5}
             for name, seconds in (("plain", plain), ("fast", ours))]
    ratio = sorted(plain)[2] / sorted(ours)[2] if plain else None
    return STAMP | {"title": title, "goal": goal, "unit": unit, "plain": sides[0], "ours": sides[1], "ratio": ratio,
                   "also": also or {}, "seed": 1, "device": "cpu"}


def measurements():
    """Made-up ``results/benchmarks.json`` in the real layout, with every part."""
    step = measured_row("TAP training step", "pair", [0.2, 0.21, 0.19, 0.2, 0.22], [0.05, 0.05, 0.04, 0.05, 0.055], 6,
                        {"share of the measured peak": {"value": 0.42, "unit": "", "goal": 0.4},
                         "share of a training step": {"value": 0.06, "unit": "", "goal": 0.05}})
    event_map = measured_row("event map of a whole movie", "frame pair", [300.0] * 5, [6.0] * 5, 30,
                             {"mean absolute difference of probability": {"value": 0.0123, "unit": "", "goal": None}})
    rows = {"step": step, "event_map": event_map,
            "import": measured_row("First `import tapnb`", "start", None, [0.6, 0.7, 0.5, 0.6, 0.6], 1.0)}
    growth = {}
    for key, against, power in (("frames", "frames of the movie", 1), ("frame_size", "side of the frame (pixels)", 2),
                                ("crop_pairs", "crop pairs", 1), ("seeds", "seeds", 0.5), ("threads", "threads", -1)):
        points = [{"x": x, "series": series, "seconds": [0.01 * cost * x**power] * 3, "memory_gb": 0.5 + 0.001 * x}
                  for series, cost in (("reading", 1), ("event map", 30)) for x in (1, 2, 4)]
        growth[key] = STAMP | {"title": f"cost of {key}", "against": against, "points": points,
                              "exponent": {"reading": float(power), "event map": float(power)}}
    runs = []
    for precision, gain in (("float32", 0.0), ("bfloat16", 0.01)):
        for seed in (1, 2, 3):
            history = [{"epoch": e, "pairs": 1000 * e, "train_loss": 0.7 - 0.1 * e + 0.02 * seed + gain,
                        "uniform_accuracy": 0.5 + 0.05 * e, "change_accuracy": 0.5 + 0.1 * e,
                        "minutes": e * (0.5 if precision == "float32" else 0.25)} for e in (1, 2, 3)]
            accuracies = [{"sampler": "change", "size": 48, "right": 800 + 20 * seed + int(1000 * gain), "n": 1000}]
            runs.append({"precision": precision, "seed": seed, "history": history, "accuracies": accuracies})
    return {"machine": {"processor": "a processor", "instruction_sets": ["avx2", "avx512_bf16"], "cores": 2,
                        "threads": 2, "memory_gb": 15.6, "system": "Linux",
                        "versions": {"python": "3.11.9", "torch": "2.13.0"},
                        "peak_gflops": {"float32": 347.0, "bfloat16": None}, "gpu": None},
            "rows": rows, "growth": growth, "precision": STAMP | {"runs": runs, "parameters": {"validation_size": 24}},
            "memory": STAMP | {"title": "memory", "goal_gb": 6.0, "notebooks": [{"notebook": "01_data", "peak_gb": 0.75},
                                                                               {"notebook": "06_strategies", "peak_gb": 2.5}]},
            "films": STAMP | {"title": "films", "films": [
                {"key": "simulated", "what": "simulated movie", "frames": 96, "size": [1024, 1024], "seconds": 290.0, "events": 700,
                 "peak_gb": 1.5, "goal_s": 300.0, "goal_gb": 2.0},
                {"key": "stack", "what": "a stack", "frames": 48, "size": [512, 640], "seconds": 600.0, "events": 40,
                 "peak_gb": 1.0, "goal_s": None, "goal_gb": None}]},
            "large": STAMP | {"title": "a large movie", "movie_gb": 4.1, "limit_gb": 2.0, "peak_gb": 1.25,
                             "steps": [{"what": "reading", "seconds": 30.0}, {"what": "event map", "seconds": 600.0}]}}
