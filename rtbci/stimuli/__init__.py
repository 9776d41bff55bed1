"""What is watched: the drawn corpus and films; announced by markers."""
