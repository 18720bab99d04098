"""Commands about the credentials of this machine."""
