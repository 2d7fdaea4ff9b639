"""What people and scripts are told: one report, in several forms."""
