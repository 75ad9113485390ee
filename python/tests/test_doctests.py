"""Every example in a docstring is true."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import sergo
from conftest import limit

MODULES = ["sergo", *(f"sergo.{module.name}" for module in pkgutil.iter_modules(sergo.__path__))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    module = importlib.import_module(name)
    given = {"sergo": sergo, "asyncio": asyncio, "rules": limit()}
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
    code = readme.read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, str(readme), "exec"), names)
    with names["engine"] as engine:
        assert engine.version == 1
