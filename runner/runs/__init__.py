"""Runs on the disk, and following one."""
