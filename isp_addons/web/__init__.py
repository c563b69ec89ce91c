"""What answers over HTTP. Needs the extra ``web`` (FastAPI and uvicorn)."""
