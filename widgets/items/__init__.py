"""The panes, the tables and the details of items."""
