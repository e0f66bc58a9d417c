"""Names, addresses and business numbers of invented Australian businesses."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from app.business_numbers import abn_fault

_PLACES = (
    *("Harbour", "Bluegum", "Wattle", "Kookaburra", "Banksia", "Tidewater", "Ironbark", "Riverbend", "Sandstone"),
    *("Magpie", "Coolabah", "Lighthouse", "Gumnut", "Jacaranda", "Lorikeet", "Red Earth", "Northern Beaches"),
    *("Saltbush", "Paperbark", "Currawong", "Dandenong", "Fremantle", "Great Ocean", "Hunter Valley"),
)
_TRADES = (
    *("Bakery", "Dental Clinic", "Veterinary Clinic", "Brewery", "Bookshop", "Yoga Studio", "Physiotherapy"),
    *("Architects", "Accounting", "Surf School", "Coffee Roasters", "Plumbing", "Florist", "Cycles", "Pharmacy"),
    *("Conveyancing", "Pottery", "Winery", "Garden Nursery", "Optical"),
)
_STREETS = ("High Street", "Station Road", "Park Avenue", "Victoria Street", "Bridge Road", "Ocean Parade", "Mill Lane")
_SUBURBS = (
    *("Newtown NSW 2042", "Fitzroy VIC 3065", "West End QLD 4101", "Fremantle WA 6160", "Norwood SA 5067"),
    *("Battery Point TAS 7004", "Braddon ACT 2612", "Katoomba NSW 2780", "Ballarat VIC 3350", "Noosa Heads QLD 4567"),
)
MAX_BUSINESSES = len(_PLACES) * len(_TRADES)


class Business(NamedTuple):
    """An invented business. code: its tenant's."""

    code: str
    name: str
    legal_name: str
    email: str
    billing_address: str
    abn: str


def businesses(random: Random) -> Iterator[Business]:
    """Yields different businesses, MAX_BUSINESSES at most."""
    names = [(place, trade) for place in _PLACES for trade in _TRADES]
    random.shuffle(names)
    for place, trade in names:
        name = f"{place} {trade}"
        code = name.lower().replace(" ", "-")
        street = f"{random.randint(1, 240)} {random.choice(_STREETS)}"
        yield Business(
            code=code,
            name=name,
            legal_name=f"{name} Pty Ltd",
            email=f"accounts@{code}.example",
            billing_address=f"{street}\n{random.choice(_SUBURBS)}",
            abn=_business_number(random),
        )


def _business_number(random: Random) -> str:
    """Returns an ABN with valid check digits: its first two."""
    rest = f"{random.randrange(10**9):09}"
    return next(abn for check in range(10, 100) if abn_fault(abn := f"{check}{rest}") is None)
