"""Tokens per minute: what calls need, what quotas have left, and who is next."""
