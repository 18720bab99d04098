"""The engine as a process: its threads, deadline, runtime folder and server."""
