"""Dialogues as a model's own chat template writes them."""
