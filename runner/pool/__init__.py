"""Who may call the model, and when."""
