"""How each system of paper 2's tables is trained: one file a system."""
