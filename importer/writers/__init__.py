"""Outputs: each is written from a plan alone, and every byte passes the verifying reader."""
