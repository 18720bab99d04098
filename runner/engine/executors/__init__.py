"""How the engine's workers are run: the seam, and processes of this machine behind it."""
