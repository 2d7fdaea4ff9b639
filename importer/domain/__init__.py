"""The field's own terms as values: digests, descriptors, manifests, configs, references.

Nothing here reads a file, and nothing here knows another package of blobfix.
"""
