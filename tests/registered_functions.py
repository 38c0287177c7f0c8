"""The functions that the app registers, read once: an app object gives them out only once."""

import functools

import function_app


@functools.cache
def registered_functions():
    return function_app.app.get_functions()
