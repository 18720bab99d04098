"""The common part of the workflows that draft a text and have it reviewed."""
