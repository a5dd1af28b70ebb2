"""The checks of the doctor, one file for each group. Each is a function from a patient to findings."""
