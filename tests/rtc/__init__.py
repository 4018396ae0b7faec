"""Tests of the rtc package."""
