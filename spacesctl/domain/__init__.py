"""The words of the product as frozen data, and the pure rules between them. No I/O, no asyncio; time is passed in."""
