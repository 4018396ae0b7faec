"""axe-core in a page: what it finds wrong there for people with keyboards, screen readers, and eyes that need contrast."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

from tests.e2e.test_browser import Tab

SOURCE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
FOUND = """axe.run(document).then(({ violations }) =>
  violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ").slice(0, 300)}`))"""


async def judged(browser: Tab) -> list[str]:
    """Violations of the page as it is now, each with the elements that it is about."""
    await browser.page.evaluate(SOURCE)
    return [str(one) for one in await browser.page.evaluate(FOUND)]
