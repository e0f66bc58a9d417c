"""How long a document's PDF takes."""
