import pytest

from app.business_numbers import abn_fault


@pytest.mark.parametrize("abn", ["51824753556", "53004085616"])
def test_valid_check_digits_are_accepted(abn: str) -> None:
    assert abn_fault(abn) is None


def test_each_other_last_digit_is_refused() -> None:
    faults = [abn_fault(f"5182475355{digit}") for digit in range(10) if digit != 6]
    assert faults == ["must be an Australian Business Number: its check digits are wrong"] * 9


@pytest.mark.parametrize("text", ["", "5182475355", "518247535560", "51 824 753 556", "5182475355é", "٥1824753556"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert abn_fault(text) == "must be an Australian Business Number: 11 digits, without spaces"
