"""Every example in a docstring is true."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

import sergo
from conftest import ROUTER, limit

MODULES = ["sergo", *(f"sergo.{module.name}" for module in pkgutil.iter_modules(sergo.__path__))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    module = importlib.import_module(name)
    given = {"sergo": sergo, "asyncio": asyncio, "rules": limit(), "router": ROUTER}
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    runner = doctest.DocTestRunner(optionflags=options)
    for example in doctest.DocTestFinder().find(module, name, extraglobs=given):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_there_are_examples() -> None:
    """A finder that finds nothing would pass the test above."""
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name), name) if test.examples]
    assert len(examples) > 8


def test_the_readme(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    readme = Path(__file__).parents[1] / "README.md"
    blocks = [block.split("```")[0] for block in readme.read_text().split("```python\n")[1:]]
    assert len(blocks) > 5
    names: dict[str, Any] = {"app": None, "api": Starlette(), "serve": lambda: None}
    for block in blocks:
        exec(compile(block, str(readme), "exec"), names)
    with names["engine"] as engine:
        assert engine.version == 1
        watching = names["watch"]()

        async def run() -> None:
            task = asyncio.ensure_future(watching)
            await asyncio.sleep(0)
            engine.close()
            await task

        asyncio.run(run())
