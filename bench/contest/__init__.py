"""The portal and its rivals, asked in turns for the same pages of the same register."""
