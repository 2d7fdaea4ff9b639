"""A read-only registry over recovered images, straight from the files they lie in.

Needs the extra ``blobfix[serve]``: starlette and uvicorn.
"""
