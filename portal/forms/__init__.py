"""Forms: what may be typed, and what is said beside the field when it is wrong."""
