"""What every screen goes by: the keymap, commands to items, themes."""
