"""The main job on images made by real programs, its results judged by real programs."""
