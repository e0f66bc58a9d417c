"""DigitalOcean bills as text."""

HEADER = "product,group_description,description,hours,start,end,USD,project_name,category"
_APRIL = "2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000"


def row(description: str, amount: str, *, product: str = "Droplets", hours: str = "720", time: str = _APRIL) -> str:
    return f"{product},,{description},{hours},{time},{amount},arcadia,iaas"


def bill(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"
