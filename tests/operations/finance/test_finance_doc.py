"""docs/finance.md describes every body as it is declared; what is pushed fits the schemas."""

import json

import jsonschema_rs
import msgspec
import pytest

from app.operations.finance.payloads import PAYLOAD_OF
from app.operations.payments import reverse_payment, write_off_invoice
from app.tables.finance import FinancePushKind
from tests.finance_doc_current import FILE, document, example, schema_of
from tests.operations.finance.conftest import Finance
from tests.operations.given import Given
from tests.operations.receivables import credit, figure_1, issued, pay


def test_the_document_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == document()


@pytest.mark.parametrize("kind", FinancePushKind)
def test_the_example_fits_its_schema_and_a_member_less_does_not(kind: FinancePushKind) -> None:
    body, schema = json.loads(msgspec.json.encode(example(kind))), schema_of(PAYLOAD_OF[kind])
    jsonschema_rs.validate(schema, body)
    body.popitem()
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, body)


async def test_what_is_pushed_fits_the_schemas(given: Given, finance: Finance) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    payment_id = await pay(given, tenant_id, 7064)
    await credit(given, invoice_id, (3, 672))
    await reverse_payment(given.platform, payment_id=payment_id, reason="bounced")
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    assert await finance.push() == 6
    for pushed in finance.pushed:
        jsonschema_rs.validate(schema_of(PAYLOAD_OF[FinancePushKind(pushed.body["kind"])]), pushed.body)
