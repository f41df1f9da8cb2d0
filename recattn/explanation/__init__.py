"""Explanation methods: functions from a Prediction to one weight per click."""
