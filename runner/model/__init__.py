"""What the program knows about: plain values and tables that every other room may use."""
