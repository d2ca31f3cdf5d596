"""The machine of the measurements: processor, instruction sets, cores, memory, versions, and peak rates."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional

from tapnb.store import provenance
from tapnb.system.precision import multiplies_bfloat16

CPUINFO = Path("/proc/cpuinfo")  # Linux
INSTRUCTION_SETS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_vnni": "AVX-512 VNNI", "avx512_bf16": "AVX512_BF16",
                    "avx512_fp16": "AVX512_FP16", "amx_tile": "AMX", "amx_bf16": "AMX-BF16", "asimd": "NEON",
                    "sve": "SVE", "bf16": "BF16", "i8mm": "I8MM"}
"""CPU flags of the instruction sets that matter for matrix products, and their usual names."""


def describe() -> dict:
    """The entry ``machine`` of ``results/benchmarks.json``, without :func:`peak_gflops`."""
    flags = cpu_flags(CPUINFO.read_text()) if CPUINFO.exists() else []
    return {"processor": processor(), "cores": len(cores()), "threads": torch.get_num_threads(),
            "instruction_sets": flags or [torch.backends.cpu.get_cpu_capability()],
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
            "system": " ".join([platform.system(), platform.machine(), *filter(None, platform.libc_ver())]),
            "versions": provenance.versions(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None}


def same(one: dict, other: dict) -> bool:
    """Whether two descriptions are of one machine, so that their times can be compared."""
    # one name ("AMD EPYC") stands for generations of processors, with units for bf16 and without
    exact = all(one[key] == other[key] for key in ("processor", "instruction_sets", "cores", "threads", "gpu"))
    return (exact and one["versions"]["torch"] == other["versions"]["torch"]
            and abs(one["memory_gb"] - other["memory_gb"]) < 0.5)  # the system reserves a little, which varies


def cores() -> set[int] | range:
    """The processor's cores that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def processor() -> str:
    """Name of the processor, as well as the system knows it."""
    names = re.findall(r"model name\s*:\s*(.+)", CPUINFO.read_text()) if CPUINFO.exists() else []
    return names[0].strip() if names else platform.processor() or platform.machine()


def cpu_flags(cpuinfo: str) -> list[str]:
    """Names of the instruction sets that the text of ``/proc/cpuinfo`` lists."""
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    flags = line[1].split() if line else []
    return [name for flag, name in INSTRUCTION_SETS.items() if flag in flags]


def has_amx() -> bool:
    """Whether the CPU has bf16 matrix units."""
    return torch.cpu._is_amx_tile_supported()


def peak_gflops(side: int = 4096, channels: int = 256, repetitions: int = 5) -> dict[str, float | None]:
    """Best rate of the CPU in 10^9 operations a second: of a large product of matrices, or of a large 3x3 convolution.

    Both, since they come from different libraries, and one of them may leave a processor's widest units alone. bfloat16
    only where the hardware multiplies it: the rate of an emulation says nothing.
    """
    dtypes = {"float32": torch.float32}
    if multiplies_bfloat16(torch.device("cpu")):
        dtypes["bfloat16"] = torch.bfloat16
    rates: dict[str, float | None] = {"float32": None, "bfloat16": None}
    for name, dtype in dtypes.items():
        left, right, product = torch.rand(3, side, side).to(dtype)
        image, kernel = (torch.rand(shape).to(dtype, memory_format=torch.channels_last)
                         for shape in ((1, channels, side // 32, side // 32), (channels, channels, 3, 3)))
        works = ((lambda: torch.mm(left, right, out=product), 2 * side**3),
                 (lambda: functional.conv2d(image, kernel, padding=1), 2 * 9 * channels**2 * (side // 32) ** 2))
        rates[name] = round(max(_rate(work, operations, repetitions) for work, operations in works) / 1e9, 1)
    return rates


def higher(one: dict[str, float | None], other: dict[str, float | None]) -> dict[str, float | None]:
    """Of two measurements of the peaks the higher rates: a peak is the best that was ever seen."""
    return {name: max(filter(None, (one.get(name), rate)), default=None) for name, rate in other.items()}


@torch.inference_mode()
def _rate(work: Callable[[], object], operations: int, repetitions: int) -> float:
    """Operations a second of the fastest repetition."""
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return operations / min(seconds)


def flop(work: Callable[[], object]) -> float:
    """Floating-point operations of a call, as torch counts them in its operators."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def flop_per_pair(model: torch.nn.Module, loss, size: int) -> float:
    """:func:`flop` of one crop pair's training step, forward and backward.

    Parameters
    ----------
    model : Module
    loss : callable
        (model, pairs, flip) to a scalar.
    size : int
        Side of the crops, in pixels.
    """
    n = 2  # BatchNorm wants more than one value a channel
    return flop(lambda: loss(model, torch.rand(n, 2, size, size), torch.zeros(n, dtype=torch.bool)).backward()) / n
