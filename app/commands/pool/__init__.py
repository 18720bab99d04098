"""Commands that manage the credentials of this machine."""
