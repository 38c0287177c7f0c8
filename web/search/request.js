/** Turns the search in the address into a request to the API, and sends it. */

import { fetchResponse } from "../lib/api.js";
import { buildFilter, buildFilterJson } from "./address.js";
import { unpackVector } from "./vectors.js";

const PAGE_SIZE = 24;

/**
 * Builds the search in the form that `POST saved-searches` accepts; null if there is no query, only the catalogue.
 * @param {URLSearchParams} params
 * @returns {{type: "search" | "search-hybrid", body: any} | null}
 */
export function buildRequest(params) {
  const query = (params.get("q") ?? "").trim();
  const negative = (params.get("not") ?? "").trim();
  const products = params.getAll("like");
  const vectors = params.getAll("v").map(unpackVector);
  const hasExamples = products.length > 0 || vectors.length > 0;
  if (!query && !negative && !hasExamples) return null;
  const options = buildOptions(params);
  if (!negative && !hasExamples) return { type: "search", body: { query, ...options } };
  const body = {
    ...(query && { query }),
    ...(negative && { negative_query: negative }),
    ...(products.length && { product_ids: products }),
    ...(vectors.length && { vectors }),
    ...(query && hasExamples && { image_weight: Number(params.get("w") ?? 0.5) }),
    ...options,
  };
  return { type: "search-hybrid", body };
}

/**
 * Loads one page of the results for the address.
 * @param {URLSearchParams} params
 * @param {{cursor?: string | null, offset?: number, signal?: AbortSignal}} options
 */
export async function runSearch(params, { cursor = null, offset = 0, signal } = {}) {
  const savedId = params.get("saved");
  if (savedId) {
    const query = { limit: PAGE_SIZE, offset };
    return readPage(await fetchResponse("POST", `saved-searches/${encodeURIComponent(savedId)}/run`, { query, signal, user: true }));
  }
  const request = buildRequest(params);
  if (request) {
    const json = { ...request.body, limit: PAGE_SIZE, offset, explain: true };
    return readPage(await fetchResponse("POST", request.type, { json, signal }));
  }
  const query = { limit: PAGE_SIZE, cursor, sort: params.get("sort"), filter: buildFilterJson(params) };
  return readPage(await fetchResponse("GET", "products", { query, signal }));
}

/** Gives search results and catalogue listings the same shape; `hasMore` says whether there is another page. */
async function readPage(response) {
  const body = await response.json();
  const results = body.results ?? body.products;
  const isFull = results.length === PAGE_SIZE;
  return {
    ...body,
    results,
    isListing: "products" in body,
    hasMore: "products" in body ? body.cursor !== null : isFull,
    cursor: body.cursor ?? null,
    took_ms: parseTotalMs(response.headers.get("server-timing")),
  };
}

function buildOptions(params) {
  const filter = buildFilter(params);
  return {
    ...(Object.keys(filter).length && { filter }),
    ...(params.get("sort") && { sort: params.get("sort") }),
    ...(params.get("all") !== "1" && { cutoff: "auto" }),
  };
}

function parseTotalMs(timing) {
  const match = /total;dur=([\d.]+)/.exec(timing ?? "");
  return match ? Number(match[1]) : null;
}
