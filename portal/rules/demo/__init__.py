"""The demo community: invented, deterministic, complete enough to work with."""
