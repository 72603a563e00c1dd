"""Where demo communities lie: codes that the national list does not use, in real districts."""

from dataclasses import dataclass

PER_STREET = 10
FIRST_COMMUNITY = 990
FIRST_SITES = (
    (114.3100, 30.6000),
    (114.2923, 30.5984),
    (114.2996, 30.6124),
    (114.3172, 30.6140),
    (114.3068, 30.6263),
    (114.2891, 30.6247),
    (114.3244, 30.6279),
    (114.2964, 30.6387),
    (114.3140, 30.6403),
    (114.2787, 30.6371),
)
STREETS = ("420102002", "420116091", "420116092", "420116093")
STREET_NAMES = ("示范街道", "示范二街道", "示范三街道", "示范四街道")
DISTRICT_NAMES = {"420102": "江岸区", "420116": "黄陂区"}
# Further communities stand in rows in the middle of the largest district.
CORNER, STEP, COLUMNS = (114.31, 30.86), (0.0190, 0.0165), 6
MOST = PER_STREET * len(STREETS)


@dataclass(frozen=True)
class Site:
    """One community's place: its number from 0, code, street, and centre in degrees."""

    number: int
    code: str
    street_code: str
    street_name: str
    longitude: float
    latitude: float

    @property
    def district_code(self) -> str:
        """The code of the district."""
        return self.code[:6]

    @property
    def district_name(self) -> str:
        """The name of the district."""
        return DISTRICT_NAMES[self.district_code]


def site(number: int) -> Site:
    """The place of demo community ``number`` (0 to ``MOST`` - 1), at least 1.7 km apart."""
    street, at = divmod(number, PER_STREET)
    if street == 0:
        longitude, latitude = FIRST_SITES[at]
    else:
        row, column = divmod(number - PER_STREET, COLUMNS)
        longitude = round(CORNER[0] + column * STEP[0], 4)
        latitude = round(CORNER[1] + row * STEP[1], 4)
    code = f"{STREETS[street]}{FIRST_COMMUNITY + at}"
    return Site(number, code, STREETS[street], STREET_NAMES[street], longitude, latitude)
