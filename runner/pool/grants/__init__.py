"""The pure core of the pool: who may call a model now, and what each call teaches."""
