"""Drive Firefox and WebKit with their own drivers through a common interface.

Playwright's builds of these engines are not available everywhere, so the distribution's are used: Firefox with
Mozilla's Marionette client, WebKit with Selenium and WebKitGTK's driver.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tests.support.patience import patience

START_S = patience(120.0)
PAGE_S = patience(40.0)


class EngineUnavailable(Exception):
    """The engine or one of its requirements is not installed; the message names it."""


class Window(Protocol):
    """A browser window with one page in it."""

    def open(self, address: str) -> None:
        """Open a URL and wait until the page has loaded."""

    def reload(self) -> None:
        """Reload the page."""

    def run(self, script: str, *arguments: object) -> Any:
        """Run the body of a function in the page and return its result."""

    def click(self, x: float, y: float) -> None:
        """Click at a position in page pixels."""

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse to a position in page pixels."""

    def press(self, keys: str) -> None:
        """Press and release keys one after the other."""


class FirefoxWindow:
    """Headless Firefox."""

    def __init__(self, executable: str, log: Path) -> None:
        from marionette_driver.marionette import Marionette

        preferences = {
            "ui.systemUsesDarkTheme": 0,
            "ui.prefersReducedMotion": 1,
            # A fine pointer that can hover, which headless mode lacks.
            "ui.primaryPointerCapabilities": 6,
            "ui.allPointerCapabilities": 6,
        }
        self._marionette = Marionette(
            bin=executable, port=0, headless=True, prefs=preferences, gecko_log=str(log), startup_timeout=START_S
        )
        limit_ms = round(PAGE_S * 1000)  # Firefox requires whole numbers
        self._marionette.start_session({"timeouts": {"pageLoad": limit_ms, "script": limit_ms}})
        self._marionette.set_window_rect(width=1280, height=900)

    def open(self, address: str) -> None:
        self._marionette.navigate(address)

    def reload(self) -> None:
        self._marionette.refresh()

    def run(self, script: str, *arguments: object) -> Any:
        return self._marionette.execute_script(script, script_args=list(arguments), sandbox=None)

    def click(self, x: float, y: float) -> None:
        self._mouse().pointer_move(round(x), round(y)).click().perform()

    def point_at(self, x: float, y: float) -> None:
        self._mouse().pointer_move(round(x), round(y)).perform()

    def _mouse(self) -> Any:
        return self._marionette.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})

    def press(self, keys: str) -> None:
        self._marionette.actions.sequence("key", "keyboard").send_keys(keys).perform()

    def close(self) -> None:
        try:
            self._marionette.quit(in_app=False)
        finally:
            self._marionette.cleanup()


class WebKitWindow:
    """WebKitGTK's MiniBrowser on a virtual screen."""

    def __init__(self, driver: str, browser: str, display: str, log: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.webkitgtk.service import Service

        options = webdriver.WebKitGTKOptions()
        options.binary_location = browser
        options.add_argument("--automation")
        # Without a graphics card, rendering with OpenGL can block a page for minutes.
        software_rendering = {"WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
        environment = {**os.environ, **software_rendering, "DISPLAY": display, "GDK_BACKEND": "x11"}
        self._driver = webdriver.WebKitGTK(options, Service(driver, log_output=str(log), env=environment))
        self._driver.set_page_load_timeout(PAGE_S)
        self._driver.set_script_timeout(PAGE_S)
        self._driver.set_window_size(1280, 838)

    def open(self, address: str) -> None:
        self._driver.get(address)

    def reload(self) -> None:
        self._driver.refresh()

    def run(self, script: str, *arguments: object) -> Any:
        return self._driver.execute_script(script, *arguments)

    def click(self, x: float, y: float) -> None:
        actions = self._actions()
        actions.pointer_action.move_to_location(round(x), round(y)).click()
        actions.perform()

    def point_at(self, x: float, y: float) -> None:
        actions = self._actions()
        actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()

    def press(self, keys: str) -> None:
        actions = self._actions()
        actions.key_action.send_keys(keys)
        actions.perform()

    def _actions(self) -> Any:
        from selenium.webdriver.common.actions.action_builder import ActionBuilder

        return ActionBuilder(self._driver, duration=0)

    def close(self) -> None:
        self._driver.quit()


@contextmanager
def firefox(log: Path) -> Iterator[Window]:
    """Open a window of Firefox until the end of the block.

    Raises:
        EngineUnavailable: if Firefox or its driver is missing.
    """
    if find_spec("marionette_driver") is None:
        raise EngineUnavailable("Firefox's driver is not installed")
    window = FirefoxWindow(_command("firefox-esr", "firefox"), log)
    try:
        yield window
    finally:
        window.close()


@contextmanager
def webkit(log: Path) -> Iterator[Window]:
    """Open a window of WebKitGTK until the end of the block.

    Raises:
        EngineUnavailable: if WebKitGTK, its driver or Xvfb is missing.
    """
    driver = _command("WebKitWebDriver")
    browser = _mini_browser()
    with _screen() as display:
        window = WebKitWindow(driver, browser, display, log)
        try:
            yield window
        finally:
            window.close()


@contextmanager
def _screen() -> Iterator[str]:
    """Start a virtual screen and yield its name, which the server chooses."""
    server = _command("Xvfb")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(writing), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="ascii") as output:
            yield f":{output.readline().strip()}"
    finally:
        process.terminate()
        process.wait(patience())


def _command(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise EngineUnavailable(f"{names[0]} is not installed")
    return found


def _mini_browser() -> str:
    """Return the path of the browser for the driver, which is installed next to the library, not on ``PATH``."""
    folders = (f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}", "/usr/lib", "/usr/lib64", "/usr/libexec")
    candidates = (
        Path(folder, library, "MiniBrowser") for folder in folders for library in ("webkit2gtk-4.1", "webkitgtk-6.0")
    )
    found = next((str(path) for path in candidates if path.is_file()), None)
    if found is None:
        raise EngineUnavailable("WebKitGTK's MiniBrowser is not installed")
    return found
