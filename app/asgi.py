"""For ASGI servers: `uvicorn app.asgi:application --ws-max-size 262144`; `arcadia serve` does it all."""

from app.server.application import create_application
from app.settings import Settings

application = create_application(Settings.from_environment())
