/** Calls the API with fetch: sends the key and the name, and turns problems (RFC 9457) into messages. */

import { askForKey, askForName, getKey, getName } from "./identity.js";
import { t } from "./i18n.js";

const BASE = new URL("/api/v1/", location.origin);
const MAX_URL_LENGTH = 6_000; // Azure's host accepts a request line of 8,192 bytes; a proxy may accept less
const TIMEOUT_MS = 180_000; // long enough for a cold start with a large model

/** Why a call failed. `status` is 0 when there was no response. */
export class ApiError extends Error {
  constructor(status, problem = {}, retryAfter = null) {
    super(describeProblem(status, problem, retryAfter));
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, json, options) => call("POST", path, { json, ...options });
export const put = (path, json, options) => call("PUT", path, { json, ...options });
export const del = (path, options) => call("DELETE", path, options);

/** @param {string} path  relative to /api/v1/, with percent-encoded segments */
export function buildUrl(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [field, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(field, value);
  }
  return url;
}

export function buildHeaders() {
  return {
    ...(getKey() && { "x-functions-key": getKey() }),
    ...(getName() && { "x-user-id": encodeURIComponent(getName()) }),
  };
}

/**
 * Returns the parsed JSON, or null for an empty response. Throws ApiError, or the abort reason of `signal`.
 * @param {{query?: object, json?: any, form?: FormData, user?: boolean, signal?: AbortSignal}} [options]
 * `user`: asks for a name if the app does not know the user.
 */
export async function call(method, path, options = {}) {
  const response = await fetchResponse(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** Returns the response itself, for example for pictures. Throws as `call` does. */
export async function fetchResponse(method, path, options = {}) {
  const usedKey = getKey();
  const url = buildUrl(path, options.query);
  if (url.href.length > MAX_URL_LENGTH) throw new ApiError(414);
  const response = await send(method, url, options);
  if (response.ok) return response;
  if (response.status === 401 && (await askForKey(usedKey))) return fetchResponse(method, path, options);
  if (response.status === 400 && options.user && !getName() && (await askForName())) return fetchResponse(method, path, options);
  throw await readProblem(response);
}

/** @param {{json?: any, form?: FormData, signal?: AbortSignal}} options */
async function send(method, url, options) {
  const { json, form, signal } = options;
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(url, {
      method,
      headers: { ...buildHeaders(), ...type },
      body: form ?? (json === undefined ? undefined : JSON.stringify(json)),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error; // the caller aborted it
    throw new ApiError(0);
  }
}

async function readProblem(response) {
  const problem = await response.json().catch(() => ({}));
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(response.status, problem, Number.isNaN(seconds) ? null : seconds);
}

function describeProblem(status, problem, retryAfter) {
  const messageKeys = { 0: "error.offline", 401: "error.key", 403: "error.forbidden", 413: "error.large", 414: "error.long", 429: "error.busy", 503: "error.down" };
  const sentences = [messageKeys[status] ? t(messageKeys[status]) : "", status === 401 ? "" : problem.detail ?? ""];
  if (retryAfter) sentences.push(t("error.wait", { count: retryAfter }));
  return sentences.filter(Boolean).join(" ") || t("error.unknown", { status });
}
