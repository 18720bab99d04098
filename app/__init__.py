"""The command line, the Textual app, its screens and the headless printers."""
