"""Sealed files under PORTAL_VAR: uploads that wait, rejected rows that were not fetched, papers,
pictures of mandates.
"""

from portal.rules import sealedfiles
from portal.rules.keys.tally import Tally, Tell

PLACE = "files"


def reseal(tell: Tell) -> Tally:
    """Seal every sealed file with the first data key. A file that goes meanwhile is no loss."""
    tally = Tally(PLACE)
    found = sealedfiles.all_files()
    for number, file in enumerate(found):
        tell(PLACE, number, len(found))
        try:
            done = sealedfiles.reseal(file)
        except FileNotFoundError:
            continue
        except ValueError:
            tally.broken.append(int(file.parent.name))
            continue
        tally.values += 1
        tally.moved += done
    return tally
