/** The API over fetch: keys, names, and problems (RFC 9457) as messages that say what to do. */

import { askForName, askForKey, key, name } from "./identity.js";
import { t } from "./i18n.js";

const BASE = new URL("/api/v1/", location.origin);
const LONGEST_URL = 6_000; // Azure's host takes a request line of 8,192 bytes, and what stands before it may take less
const PATIENCE_MS = 180_000; // a cold start with a large model; a browser alone would wait for ever

/** Why a call failed. `status` is 0 where no answer came. */
export class ApiError extends Error {
  constructor(status, problem = {}, retryAfter = null) {
    super(messageFor(status, problem, retryAfter));
    this.status = status;
    this.title = problem.title ?? "";
    this.detail = problem.detail ?? "";
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, json, options) => call("POST", path, { json, ...options });
export const put = (path, json, options) => call("PUT", path, { json, ...options });
export const del = (path, options) => call("DELETE", path, options);

/** @param {string} path  below /api/v1/, its segments percent-encoded */
export function apiUrl(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [field, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(field, value);
  }
  return url;
}

/** Who asks, as headers. */
export function headers() {
  return {
    ...(key() && { "x-functions-key": key() }),
    ...(name() && { "x-user-id": encodeURIComponent(name()) }),
  };
}

/**
 * Parsed JSON; null where there is none. Raises ApiError, and what `signal` was aborted with.
 * @param {{query?: object, json?: any, form?: FormData, user?: boolean, signal?: AbortSignal}} [options]
 * `user`: what is asked for belongs to somebody, so a name is asked for if the app knows nobody.
 */
export async function call(method, path, options = {}) {
  const response = await fetched(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** The answer as it is, for pictures; fails as `call` does. */
export async function fetched(method, path, options = {}) {
  const used = key();
  const url = apiUrl(path, options.query);
  if (url.href.length > LONGEST_URL) throw new ApiError(414);
  const response = await sent(method, url, options);
  if (response.ok) return response;
  if (response.status === 401 && (await askForKey(used))) return fetched(method, path, options);
  if (response.status === 400 && options.user && !name() && (await askForName())) return fetched(method, path, options);
  throw await problemOf(response);
}

/** @param {{json?: any, form?: FormData, signal?: AbortSignal}} options */
async function sent(method, url, options) {
  const { json, form, signal } = options;
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(url, {
      method,
      headers: { ...headers(), ...type },
      body: form ?? (json === undefined ? undefined : JSON.stringify(json)),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  } catch (error) {
    if (signal?.aborted) throw error; // who gave up knows why
    throw new ApiError(0);
  }
}

async function problemOf(response) {
  const problem = await response.json().catch(() => ({}));
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(response.status, problem, Number.isNaN(wait) ? null : wait);
}

function messageFor(status, problem, retryAfter) {
  const known = { 0: "error.offline", 401: "error.key", 403: "error.forbidden", 413: "error.large", 414: "error.long", 429: "error.busy", 503: "error.down" };
  const said = [known[status] ? t(known[status]) : "", status === 401 ? "" : problem.detail ?? ""];
  if (retryAfter) said.push(t("error.wait", { count: retryAfter }));
  return said.filter(Boolean).join(" ") || t("error.unknown", { status });
}
