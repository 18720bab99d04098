"""Running workers: the executor protocol, and processes of this machine that implement it."""
