"""A paper small enough to run in milliseconds; tests copy it into a package."""
