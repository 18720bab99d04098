"""``pool.db``: what is known of credentials, for all runs of this machine."""
