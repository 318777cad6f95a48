"""The tables and figures of paper 3, as views of stored predictions."""
