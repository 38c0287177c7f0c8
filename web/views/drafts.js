/** Sending products with their pictures: with progress, a few at a time, each outcome kept. */

import { apiUrl, headers } from "../lib/api.js";
import { askForKey, key } from "../lib/identity.js";
import { t } from "../lib/i18n.js";

const AT_ONCE = 2;

/**
 * A product to be: what is typed, and its pictures.
 * @typedef {{id: string, name: string, description: string, metadata: Record<string, any>, files: File[]}} Draft
 */

/**
 * Products out of files: those of one folder in the chosen folder are one product, others one each.
 * @param {Iterable<string>} taken  ids of the products that are there already: two of one name stay two
 */
export function draftsOf(files, taken = []) {
  const ids = new Set(taken);
  const drafts = new Map(); // by folder, or by file where it lies in none
  for (const file of files) {
    const folder = (file.webkitRelativePath ?? "").split("/").slice(1, -1);
    const place = folder.length ? folder.join("/") : file;
    if (!drafts.has(place)) drafts.set(place, draft(unused(plainId(folder.at(-1) ?? file.name.replace(/\.[^.]*$/, "")), ids)));
    drafts.get(place).files.push(file);
  }
  return [...drafts.values()];
}

function draft(id) {
  return { id, name: readable(id), description: "", metadata: {}, files: [] };
}

function unused(id, ids) {
  let other = id;
  for (let count = 2; ids.has(other); count += 1) other = `${id}-${count}`;
  ids.add(other);
  return other;
}

/**
 * Sends them, `AT_ONCE` at a time. `tell(draft, {progress?, done?, error?})` hears how each is doing.
 * @returns {Promise<void>} when all have ended, one way or the other
 */
export async function sendAll(drafts, tell, signal) {
  const waiting = [...drafts];
  const worker = async () => {
    for (let draft = waiting.shift(); draft && !signal.aborted; draft = waiting.shift()) {
      const error = await sent(draft, (progress) => tell(draft, { progress }), signal);
      tell(draft, error ? { error } : { done: true });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What went wrong, as a sentence; empty when the product is indexed. */
async function sent(draft, progress, signal) {
  const used = key();
  const { status, body } = await posted(formOf(draft), progress, signal);
  if (status === 200) return "";
  if (status === 401 && (await askForKey(used))) return sent(draft, progress, signal);
  if (status === 0) return t("error.offline");
  return problem(body) || t("error.unknown", { status });
}

/** XMLHttpRequest, since fetch does not tell how far it has sent. */
function posted(form, progress, signal) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = () => resolve({ status: request.status, body: request.responseText });
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener("loadend", end);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", apiUrl("index-product-with-image"));
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.send(form);
  });
}

function formOf(draft) {
  const form = new FormData();
  form.append("product_id", draft.id);
  form.append("name", draft.name);
  form.append("description", draft.description);
  form.append("metadata", JSON.stringify(draft.metadata));
  for (const file of draft.files) form.append("image_file", file, file.name);
  return form;
}

function problem(text) {
  try {
    return JSON.parse(text).detail ?? "";
  } catch {
    return "";
  }
}

function plainId(text) {
  return text.trim().replace(/[/\\]+/g, "-").slice(0, 150) || "product";
}

function readable(id) {
  const words = id.replace(/[-_.\s]+/g, " ").trim();
  return words.replace(/(^|\s)\p{L}/gu, (letter) => letter.toUpperCase()) || id;
}
