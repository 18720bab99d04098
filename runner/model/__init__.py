"""The model of runs, items and credentials: plain values and tables that every room may use."""
