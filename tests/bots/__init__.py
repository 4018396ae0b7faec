"""Tests of the bots: hearing, transcribing, moderating."""
