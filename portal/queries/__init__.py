"""Named SELECTs that more than one caller needs. Core statements take their scope as argument."""
