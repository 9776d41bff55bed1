"""Experiments as rows, and what is made of them: reports, importance, figures of pictures."""
