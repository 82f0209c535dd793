"""The operators' console about lists and to-dos; each module registers what it shows."""

from todos.admin import lists, reading

__all__ = ["lists", "reading"]
