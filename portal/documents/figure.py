"""Drawings as images of a document: read once by the SVG reader, not as part of the page's HTML."""

from base64 import b64encode

from markupsafe import Markup, escape


def figure(drawing: str, text: str) -> Markup:
    """An ``<img>`` of the SVG ``drawing``, with ``text`` as its alternative.

    The HTML parser and the cascade take longer over an inline drawing than the drawing itself
    takes; a data URI costs neither.
    """
    data = b64encode(drawing.encode()).decode()
    # Both values are safe inside quotes: base64, and an escaped text.
    return Markup(f'<img alt="{escape(text)}" src="data:image/svg+xml;base64,{data}">')  # noqa: S704


def photo_figure(uri: str, text: str) -> Markup:
    """An ``<img>`` of a photo given as a data URI; the box it stands in may cut its edges."""
    return Markup(f'<img class="photo" alt="{escape(text)}" src="{escape(uri)}">')  # noqa: S704
