"""The workflows: graphs, prompts, the sources of items, and the files written for them."""
