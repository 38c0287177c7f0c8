"""A user's saved searches and preferences, and deleting them.

They are stored in ``shared_code/users/store.py``.
"""

import azure.functions as func

from functions.http import Body, Path, Query, SomeUser, endpoint
from functions.schemas.base import Response
from functions.schemas.search import SearchResponse
from functions.schemas.users import (
    ForgottenResponse,
    MarkPath,
    PreferencesRequest,
    PreferencesResponse,
    RunRequest,
    SavedPath,
    SavedSearchesResponse,
    SavedSearchResponse,
    SaveRequest,
)
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/saved-searches", methods=["POST"])
@endpoint(statuses=(201,), problems=(400,))
def save_search(user: SomeUser, request: Body[SaveRequest]) -> SavedSearchResponse:
    """Saves a search under a name, with its filter and options."""
    app = current_app()
    search = request.check_search(app.settings.filterable_fields)
    saved = app.users.save_search(user, request.name, request.type, search)
    return SavedSearchResponse.from_saved(saved)


@bp.route(route="v1/saved-searches", methods=["GET"])
@endpoint(problems=(400,))
def list_saved_searches(user: SomeUser) -> SavedSearchesResponse:
    """The saved searches of this user, oldest first."""
    return SavedSearchesResponse.from_all_saved(current_app().users.list_searches(user))


@bp.route(route="v1/saved-searches/{search_id}", methods=["GET"])
@endpoint(problems=(400,))
def get_saved_search(user: SomeUser, path: Path[SavedPath]) -> SavedSearchResponse:
    """One saved search."""
    return SavedSearchResponse.from_saved(current_app().users.get_search(user, path.search_id))


@bp.route(route="v1/saved-searches/{search_id}", methods=["DELETE"])
@endpoint(problems=(400,))
def delete_saved_search(user: SomeUser, path: Path[SavedPath]) -> ForgottenResponse:
    """Deletes a saved search."""
    current_app().users.delete_search(user, path.search_id)
    return ForgottenResponse(rows=1)


@bp.route(route="v1/saved-searches/{search_id}/run", methods=["POST"])
@endpoint(problems=(400, 429))
def run_saved_search(
    user: SomeUser, path: Path[SavedPath], request: Query[RunRequest]
) -> Response[SearchResponse]:
    """Runs a saved search, or another page of it."""
    app = current_app()
    search = request.apply_to(app.users.get_search(user, path.search_id))
    defaults = app.search_defaults.load(user, is_personal=search.personal, has_key=True)
    options = search.to_options(app.settings.filterable_fields, defaults)
    answer = search.run(
        app.search, options, defaults=defaults, to_vector=app.encoder.normalise_query_vector
    )
    return SearchResponse.from_answer(answer, options, app.encoder.model, query=search.query)


@bp.route(route="v1/preferences", methods=["GET"])
@endpoint(problems=(400,))
def get_preferences(user: SomeUser) -> PreferencesResponse:
    """The defaults of this user's searches."""
    return PreferencesResponse.from_preferences(current_app().users.get_preferences(user))


@bp.route(route="v1/preferences", methods=["PUT"])
@endpoint(problems=(400,))
def put_preferences(user: SomeUser, request: Body[PreferencesRequest]) -> PreferencesResponse:
    """Replaces all preferences of this user."""
    app = current_app()
    preferences = request.to_preferences(app.settings.filterable_fields)
    app.users.save_preferences(user, preferences)
    return PreferencesResponse.from_preferences(preferences)


@bp.route(route="v1/preferences", methods=["DELETE"])
@endpoint(problems=(400,))
def delete_preferences(user: SomeUser) -> ForgottenResponse:
    """Deletes this user's preferences; saved searches stay."""
    return ForgottenResponse(rows=int(current_app().users.delete_preferences(user)))


@bp.route(route="v1/preferences/{mark}/{product_id}", methods=["PUT"])
@endpoint(problems=(400,))
def mark_product(user: SomeUser, path: Path[MarkPath]) -> PreferencesResponse:
    """Likes or hides a product: `mark` is `liked` or `hidden`."""
    preferences = current_app().users.mark(user, path.mark, path.product_id, on=True)
    return PreferencesResponse.from_preferences(preferences)


@bp.route(route="v1/preferences/{mark}/{product_id}", methods=["DELETE"])
@endpoint(problems=(400,))
def unmark_product(user: SomeUser, path: Path[MarkPath]) -> PreferencesResponse:
    """Takes the mark back."""
    preferences = current_app().users.mark(user, path.mark, path.product_id, on=False)
    return PreferencesResponse.from_preferences(preferences)


@bp.route(route="v1/users/me", methods=["DELETE"])
@endpoint(problems=(400,))
def forget_user(user: SomeUser) -> ForgottenResponse:
    """Deletes everything that is stored about this user."""
    return ForgottenResponse(rows=current_app().users.delete_user(user))
