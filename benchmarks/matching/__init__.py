"""Measure the accuracy of the matcher on tables of cases and on a synthetic library of any size."""
