"""The check digits of the Australian Business Number (ABN)."""

import re

_ABN = re.compile(r"\d{11}", re.ASCII)
_WEIGHTS = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)


def abn_fault(text: str) -> str | None:
    """Returns what is wrong with an ABN, or None: it must have 11 digits without spaces, with valid check digits."""
    if not _ABN.fullmatch(text):
        return "must be an Australian Business Number: 11 digits, without spaces"
    # The official rule: subtract 1 from the first digit, whose weight is 10; the weighted sum must be a multiple of 89.
    weighted = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=True)) - 10
    return "must be an Australian Business Number: its check digits are wrong" if weighted % 89 else None
