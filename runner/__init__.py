"""The engine, its workers and everything that works without a screen."""
