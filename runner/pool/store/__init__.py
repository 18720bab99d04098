"""``pool.db``: the state of credentials and quotas, for all runs of this machine."""
