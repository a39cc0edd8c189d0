"""What follows a run: its sentence, its metrics, the time of its success, the weekly digest."""
