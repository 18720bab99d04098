"""See the folder of the same name in the package."""
