"""What the workflows printed: stored whole, read by line, shown safely."""
