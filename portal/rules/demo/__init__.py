"""The demo community: invented, deterministic, complete enough to work with."""

from portal.rules.demo.build import DemoSummary, build_demo

__all__ = ["DemoSummary", "build_demo"]
