"""Places that need attention, patrols, sweeps and service rounds."""
