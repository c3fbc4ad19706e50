"""The naive GRU: the oracle of the fast core."""
