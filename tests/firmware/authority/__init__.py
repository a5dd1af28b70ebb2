"""Tests of what may sound."""
