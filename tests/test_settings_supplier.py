from pathlib import Path

import pytest

from app.settings import Settings, SettingsError


def test_the_supplier_is_read_from_the_environment(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text("<svg/>")
    settings = Settings.from_environment(
        {
            "ARCADIA_SUPPLIER_NAME": "Arcadia Cloud Pty Ltd",
            "ARCADIA_SUPPLIER_ABN": "51 824 753 556",
            "ARCADIA_SUPPLIER_ADDRESS": "Level 1, 1 Example Street; Sydney NSW 2000;",
            "ARCADIA_SUPPLIER_EMAIL": "accounts@example.com",
            "ARCADIA_SUPPLIER_ACCOUNT_NAME": "Arcadia Cloud",
            "ARCADIA_SUPPLIER_BSB": "062000",
            "ARCADIA_SUPPLIER_ACCOUNT_NUMBER": "1234 5678",
            "ARCADIA_SUPPLIER_LOGO": str(logo),
        }
    )
    assert settings.supplier_name == "Arcadia Cloud Pty Ltd"
    assert settings.supplier_abn == "51824753556"
    assert settings.supplier_address == ("Level 1, 1 Example Street", "Sydney NSW 2000")
    assert settings.supplier_email == "accounts@example.com"
    assert settings.supplier_account_name == "Arcadia Cloud"
    assert settings.supplier_bsb == "062-000"
    assert settings.supplier_account_number == "12345678"
    assert settings.supplier_logo == logo


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("ABN", "51824753557", "must be an Australian Business Number: its check digits are wrong"),
        ("ABN", "5182475355", "must be an Australian Business Number: 11 digits"),
        ("NAME", "A\tB", "must be one line of at most 100 characters"),
        ("NAME", "a" * 101, "must be one line of at most 100 characters"),
        ("ADDRESS", "1;2;3;4;5;6;7", "must have at most 6 lines, separated by semicolons"),
        ("BSB", "06200", "must be a bank and branch number such as 062-000"),
        ("ACCOUNT_NUMBER", "12-34", "must be an account number of 4 to 34 letters and digits"),
        ("LOGO", "/nowhere/logo.png", "must be the path of an image file: .png, .jpg, .jpeg, .svg"),
    ],
)
def test_what_cannot_be_printed_is_refused(name: str, text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({f"ARCADIA_SUPPLIER_{name}": text})
    assert caught.value.faults == (f"ARCADIA_SUPPLIER_{name} {fault}.",)


def test_a_file_that_is_no_image_is_no_logo(tmp_path: Path) -> None:
    file = tmp_path / "logo.txt"
    file.write_text("a logo")
    with pytest.raises(SettingsError, match="must be the path of an image file"):
        Settings.from_environment({"ARCADIA_SUPPLIER_LOGO": str(file)})
