"""The offline model: a stand-in that needs no network."""
