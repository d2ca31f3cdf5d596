"""Settings of glibc's allocator for a process that trains; apart from :mod:`tapnb.system.device`, so without torch."""

# They go into the environment of a process before it starts, since glibc reads them then; other allocators ignore
# them. By default every training step gives its memory back to the system and faults it in again, page by page,
# which costs up to half of the speed (`benchmarks/`).
ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "10000000000",
    "MALLOC_TOP_PAD_": "67108864",
}
