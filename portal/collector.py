"""The collector of cyclic garbage, kept from looking through what is all in use."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without it while the block runs; around a whole piece of work best, with one look after it.

    A layout is one growing graph, a part of an import many rows without cycles: looked through
    again and again they take a fifth or a twentieth of the time more.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
