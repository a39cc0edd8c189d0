"""The true numbers of the sample, asked of what happened, and their comparison with a lake and its reports."""
