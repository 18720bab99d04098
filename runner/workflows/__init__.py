"""The workflows: graphs, prompts, where items come from and the files they leave."""
