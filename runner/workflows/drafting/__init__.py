"""What every workflow has in common that drafts a text and has it reviewed."""
