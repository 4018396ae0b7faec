"""The product's terms as frozen data, and the pure rules between them. No I/O, no asyncio; callers pass the time in."""
