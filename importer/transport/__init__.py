"""Talking to registries and to Artifactory over HTTP: one client, downloads that resume, uploads.

It stands beside the writers: it knows the domain, the plan and the errors, and nothing of the
command line or of reports. Clock, sleep and chance are handed in.
"""
