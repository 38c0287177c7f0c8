"""The functions that the app registers. An app object may be asked for them only once."""

import functools

import function_app


@functools.cache
def registered_functions():
    return function_app.app.get_functions()
