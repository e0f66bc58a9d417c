"""The PDFs of issued documents that were not rendered when they were issued."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations.documents import rendering
from app.queue import heartbeat


@logged
async def render_documents(context: JobContext) -> Counts:
    """After an issue: the PDFs of all documents that have none."""
    async with heartbeat(context["job"]):
        return {"documents": await rendering.render_documents(context["operations"])}


@logged
async def render_due_documents(context: JobContext) -> Counts:
    """Every few minutes: the PDFs of documents whose job was lost."""
    async with heartbeat(context["job"]):
        return {"documents": await rendering.render_documents(context["operations"])}
