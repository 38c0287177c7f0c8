"""Saved searches and preferences of a user, and their end."""

import azure.functions as func

from functions.http.arguments import Body, Path, Query
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.http.user_identity import SomeUser
from functions.schemas import users as answers_users
from functions.schemas.search import SearchAnswer
from functions.schemas.user_requests import (
    MarkPath,
    PreferencesRequest,
    RunRequest,
    SavedPath,
    SaveRequest,
    search_of,
)
from functions.schemas.users import (
    ForgottenAnswer,
    PreferencesAnswer,
    SavedSearchAnswer,
    SavedSearchesAnswer,
)
from functions.search import answered, preferred_of
from shared_code.app import current_app

bp = func.Blueprint()


@bp.route(route="v1/saved-searches", methods=["POST"])
@endpoint(statuses=(201,), problems=(400,))
def save_search(who: SomeUser, asked: Body[SaveRequest]) -> SavedSearchAnswer:
    """Saves a search under a name, with its filter and options."""
    app = current_app()
    search = asked.checked(app.settings.filterable_fields)
    return answers_users.saved(app.users.save_search(who, asked.name, asked.type, search))


@bp.route(route="v1/saved-searches", methods=["GET"])
@endpoint(problems=(400,))
def list_saved_searches(who: SomeUser) -> SavedSearchesAnswer:
    """The searches that this user has saved, oldest first."""
    return answers_users.all_saved(current_app().users.list_searches(who))


@bp.route(route="v1/saved-searches/{search_id}", methods=["GET"])
@endpoint(problems=(400,))
def get_saved_search(who: SomeUser, path: Path[SavedPath]) -> SavedSearchAnswer:
    """One saved search."""
    return answers_users.saved(current_app().users.get_search(who, path.search_id))


@bp.route(route="v1/saved-searches/{search_id}", methods=["DELETE"])
@endpoint(problems=(400,))
def delete_saved_search(who: SomeUser, path: Path[SavedPath]) -> ForgottenAnswer:
    """Deletes a saved search."""
    current_app().users.delete_search(who, path.search_id)
    return ForgottenAnswer(rows=1)


@bp.route(route="v1/saved-searches/{search_id}/run", methods=["POST"])
@endpoint(problems=(400, 429))
def run_saved_search(
    who: SomeUser, path: Path[SavedPath], asked: Query[RunRequest]
) -> Reply[SearchAnswer]:
    """Runs a saved search as it was saved, or another page of it."""
    found = current_app().users.get_search(who, path.search_id)
    search = search_of(found.type, asked.page_of(dict(found.search)))
    return answered(search, preferred_of(search, who))


@bp.route(route="v1/preferences", methods=["GET"])
@endpoint(problems=(400,))
def get_preferences(who: SomeUser) -> PreferencesAnswer:
    """What this user's searches start from."""
    return answers_users.preferences(current_app().users.get_preferences(who))


@bp.route(route="v1/preferences", methods=["PUT"])
@endpoint(problems=(400,))
def put_preferences(who: SomeUser, asked: Body[PreferencesRequest]) -> PreferencesAnswer:
    """Replaces all preferences of this user."""
    app = current_app()
    wanted = asked.preferences(app.settings.filterable_fields)
    app.users.save_preferences(who, wanted)
    return answers_users.preferences(wanted)


@bp.route(route="v1/preferences", methods=["DELETE"])
@endpoint(problems=(400,))
def delete_preferences(who: SomeUser) -> ForgottenAnswer:
    """Forgets this user's preferences; saved searches stay."""
    return ForgottenAnswer(rows=int(current_app().users.delete_preferences(who)))


@bp.route(route="v1/preferences/{mark}/{product_id}", methods=["PUT"])
@endpoint(problems=(400,))
def mark_product(who: SomeUser, path: Path[MarkPath]) -> PreferencesAnswer:
    """Likes or hides a product: `mark` is `liked` or `hidden`."""
    users = current_app().users
    return answers_users.preferences(users.mark(who, path.mark, path.product_id, on=True))


@bp.route(route="v1/preferences/{mark}/{product_id}", methods=["DELETE"])
@endpoint(problems=(400,))
def unmark_product(who: SomeUser, path: Path[MarkPath]) -> PreferencesAnswer:
    """Neither likes nor hides the product any longer."""
    users = current_app().users
    return answers_users.preferences(users.mark(who, path.mark, path.product_id, on=False))


@bp.route(route="v1/users/me", methods=["DELETE"])
@endpoint(problems=(400,))
def forget_user(who: SomeUser) -> ForgottenAnswer:
    """Forgets everything that is kept of this user."""
    return ForgottenAnswer(rows=current_app().users.delete_user(who))
