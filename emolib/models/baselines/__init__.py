"""The systems that the papers compare themselves with, written from their papers."""
