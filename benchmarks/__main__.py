"""``python -m benchmarks [NAME ...]``: measure, and store the measurements in ``results/benchmarks.json``.

Heavy modules are imported in :func:`main`: other processes do the measuring.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from collections.abc import Callable


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0 if all requested parts were measured."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure how fast the project is, against a "
                                     "plain baseline, and how its cost grows. Without names: everything.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a row, a growth, 'growth', 'large', 'memory', 'films' or 'precision'")
    parser.add_argument("--tap", default="", help="run folder of the pretraining with which event maps are compared")
    parser.add_argument("--missing", action="store_true", help="only what has not been measured on this machine")
    options = parser.parse_args(arguments)
    from benchmarks import machine, record
    from benchmarks.processes import MeasurementError

    file, failed = record.path(), []
    try:
        parts = all_parts(options.tap)
        names, measurements = pick(options.names, parts), record.kept(file, machine.describe())
    except (ValueError, FileNotFoundError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    try:
        if options.missing:
            names = [name for name in names if not record.has(measurements, parts[name][0], name)]
        if any(parts[name][0] == "rows" for name in names):  # times are compared with the peaks
            measurements["machine"]["peak_gflops"] = machine.higher(measurements["machine"].get("peak_gflops", {}),
                                                                    machine.peak_gflops())
        for name in names:
            part, measure = parts[name]
            print(f"{name} ...", flush=True)
            start = time.perf_counter()
            try:
                record.put(file, measurements, part, name, lambda: measure(measurements))
            except MeasurementError as error:  # measure the other rows nevertheless
                print(f"  {error}", file=sys.stderr)
                failed.append(name)
                continue
            print(f"  {summary(measurements, part, name)}{time.perf_counter() - start:.0f} s in all", flush=True)
    except KeyboardInterrupt:
        print(f"\nstopped; what was measured before is in {file}", file=sys.stderr)
        return 130
    print(f"not measured: {', '.join(failed)}" if failed else file)
    return 1 if failed else 0


def all_parts(tap: str) -> dict[str, tuple[str, Callable[[dict], dict]]]:
    """By name, in the order of measuring: the part of the record, and a function of the record that measures it."""
    from benchmarks import films, growth, large, memory, precision, rows

    parts = {name: ("rows", lambda record, row=row: rows.measure(row, record))
             for name, row in rows.all_rows(tap).items()}
    parts |= {name: ("growth", lambda record, kind=kind: growth.measure(kind)) for name, kind in growth.KINDS.items()}
    parts["large"] = "large", lambda record: large.measure()
    parts["memory"] = "memory", lambda record: memory.measure()
    parts["films"] = "films", lambda record: films.measure()
    parts["precision"] = "precision", lambda record: precision.measure()
    return parts


def pick(names: list[str], parts: dict) -> list[str]:
    """Names of the requested parts, all if none is named; "growth" stands for all its kinds.

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    picked = []
    for name in names or parts:
        group = [key for key, (part, _) in parts.items() if part == name and key != name]
        if name not in parts and not group:
            near = difflib.get_close_matches(name, [*parts, "growth"], n=1)
            raise ValueError(f"there is nothing named {name!r} to be measured; choose from {', '.join(parts)}, growth"
                             + (f"; did you mean {near[0]!r}?" if near else ""))
        picked += group or [name]
    return list(dict.fromkeys(picked))


def summary(record: dict, part: str, name: str) -> str:
    """The ratio of a row and its goal; nothing of what is no row."""
    row = record["rows"][name] if part == "rows" else {}
    if row.get("ratio") is None:
        return ""
    return f"{row['ratio']:.3g} times as fast" + (f" (goal {row['goal']:g})" if row["goal"] else "") + ", "


if __name__ == "__main__":
    sys.exit(main())
