"""Decks that are written as text: a module a family, each to leaves of slides with their notes."""
