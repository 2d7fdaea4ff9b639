"""What goes wrong beside damaged files: logins, limits, certificates, disks, and the messages that say so."""
