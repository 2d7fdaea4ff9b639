"""What transports, mail gateways and shells make of bytes, and how the bytes come back.

Each decoder is a stream: it takes blocks of any size, keeps a few bytes between them, and never makes more than twice
what it was given. None of them proves anything: the digest of what comes out does.
"""
