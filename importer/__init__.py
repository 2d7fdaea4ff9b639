"""blobfix: get a container image back from the wreckage of a failed download."""

__version__ = "0.1.0"
