"""The offline side: cohort, models, alignment, training and evaluation."""
