/** The address holds the whole state as #/view?params, in the fragment so that no server log sees the queries. */

const ROUTE_CHANGE = "routechange";
const HOME = "search";
const events = new EventTarget();

addEventListener("popstate", announce);

/** @returns {{view: string, params: URLSearchParams}} */
export function getRoute() {
  const [path, query = ""] = splitOnce(location.hash.replace(/^#\/?/, ""), "?");
  return { view: path || HOME, params: new URLSearchParams(query) };
}

/** @param {string} view  @param {any} [params]  anything that URLSearchParams accepts */
export function linkTo(view, params = {}) {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query && `?${query}`}`;
}

/** Goes to a view; with `replace` the Back button skips the current one. */
export function go(view, params = {}, { replace = false } = {}) {
  const target = linkTo(view, params);
  if (target === location.hash) return announce();
  history[replace ? "replaceState" : "pushState"](null, "", target);
  announce();
}

/** Calls back with the current route, now and whenever it changes. */
export function onRoute(callback) {
  events.addEventListener(ROUTE_CHANGE, () => callback(getRoute()));
  callback(getRoute());
}

/** Returns the parameters of this tab's last search, without the open product. */
export function getLastSearch() {
  const params = new URLSearchParams(sessionStorage.getItem("search") ?? "");
  params.delete("item");
  return params;
}

function announce() {
  events.dispatchEvent(new Event(ROUTE_CHANGE));
}

function splitOnce(text, separator) {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
