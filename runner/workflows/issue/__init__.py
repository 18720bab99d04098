"""The Issue workflow: from a brief to a filed issue."""
