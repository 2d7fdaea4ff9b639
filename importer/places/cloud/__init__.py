"""Buckets of object stores: S3 and what speaks it, Google Cloud Storage, Azure. Needs the extra ``blobfix[cloud]``."""
