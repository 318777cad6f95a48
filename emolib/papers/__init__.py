"""One room a paper: what it says, as data, and how it is run."""
