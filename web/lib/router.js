/** The address says everything: #/view?params. In the fragment, so that no server's log sees what is looked for. */

const CHANGED = "routechange";
const FIRST = "search";
const events = new EventTarget();

addEventListener("popstate", announce);

/** @returns {{view: string, params: URLSearchParams}} */
export function current() {
  const [path, query = ""] = splitOnce(location.hash.replace(/^#\/?/, ""), "?");
  return { view: path || FIRST, params: new URLSearchParams(query) };
}

/** @param {string} view  @param {any} [params]  what URLSearchParams takes */
export function href(view, params = {}) {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query && `?${query}`}`;
}

/** Goes there; with `replace` the place that is left is not one to come back to. */
export function go(view, params = {}, { replace = false } = {}) {
  const target = href(view, params);
  if (target === location.hash) return announce();
  history[replace ? "replaceState" : "pushState"](null, "", target);
  announce();
}

/** Calls back with the place now and whenever it changes. */
export function follow(callback) {
  events.addEventListener(CHANGED, () => callback(current()));
  callback(current());
}

/** The parameters of the last search that was looked at in this tab, without an opened product. */
export function lastSearch() {
  const params = new URLSearchParams(sessionStorage.getItem("search") ?? "");
  params.delete("item");
  return params;
}

function announce() {
  events.dispatchEvent(new Event(CHANGED));
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
