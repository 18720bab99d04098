"""The pure core of the pool: it grants calls to models and learns from their outcomes."""
