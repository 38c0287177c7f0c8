/** What the API is asked for a search in the address. */

import { fetched } from "../lib/api.js";
import { filterOf } from "./address.js";
import { unpacked } from "./vectors.js";

const PAGE = 24;

/**
 * The search as `POST saved-searches` takes it; null when nothing is looked for, and the catalogue is shown.
 * @param {URLSearchParams} params
 * @returns {{type: "search" | "search-hybrid", body: any} | null}
 */
export function requestOf(params) {
  const query = (params.get("q") ?? "").trim();
  const negative = (params.get("not") ?? "").trim();
  const products = params.getAll("like");
  const vectors = params.getAll("v").map(unpacked);
  if (!query && !negative && !products.length && !vectors.length) return null;
  const options = optionsOf(params);
  if (query && !negative && !products.length && !vectors.length) return { type: "search", body: { query, ...options } };
  const body = {
    ...(query && { query }),
    ...(negative && { negative_query: negative }),
    ...(products.length && { product_ids: products }),
    ...(vectors.length && { vectors }),
    ...(query && (products.length || vectors.length) && { image_weight: Number(params.get("w") ?? 0.5) }),
    ...options,
  };
  return { type: "search-hybrid", body };
}

/**
 * One page of what the address asks for.
 * @param {URLSearchParams} params
 * @param {{cursor?: string | null, offset?: number, signal?: AbortSignal}} where
 */
export async function ask(params, { cursor = null, offset = 0, signal } = {}) {
  const saved = params.get("saved");
  if (saved) {
    const query = { limit: PAGE, offset };
    return answered(await fetched("POST", `saved-searches/${encodeURIComponent(saved)}/run`, { query, signal, user: true }));
  }
  const request = requestOf(params);
  if (request) {
    const json = { ...request.body, limit: PAGE, offset, explain: true };
    return answered(await fetched("POST", request.type, { json, signal }));
  }
  const filter = filterOf(params);
  const query = { limit: PAGE, cursor, sort: params.get("sort"), filter: Object.keys(filter).length ? JSON.stringify(filter) : "" };
  return answered(await fetched("GET", "products", { query, signal }));
}

/** A search or a listing, alike: `next` says how to ask for more, null where there is no more. */
async function answered(response) {
  const body = await response.json();
  const results = body.results ?? body.products;
  const isFull = results.length === PAGE;
  return {
    ...body,
    results,
    isListing: "products" in body,
    more: "products" in body ? body.cursor !== null : isFull,
    cursor: body.cursor ?? null,
    took_ms: totalOf(response.headers.get("server-timing")),
  };
}

function optionsOf(params) {
  const filter = filterOf(params);
  return {
    ...(Object.keys(filter).length && { filter }),
    ...(params.get("sort") && { sort: params.get("sort") }),
    ...(params.get("all") !== "1" && { cutoff: "auto" }),
  };
}

function totalOf(timing) {
  const found = /total;dur=([\d.]+)/.exec(timing ?? "");
  return found ? Number(found[1]) : null;
}
