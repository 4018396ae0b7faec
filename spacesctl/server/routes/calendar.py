"""Calendars of Spaces (RFC 5545)."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/v1", tags=["calendar"])
