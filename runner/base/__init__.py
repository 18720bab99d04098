"""The lowest layer: paths, files, processes, clocks and errors; every other room may use it."""
