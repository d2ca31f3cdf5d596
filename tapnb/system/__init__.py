"""The machine under all of it: folders, files, devices, precision, the allocator."""
