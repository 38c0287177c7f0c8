/** Product drafts: created from files, and sent a few at a time, with progress. */

import { buildHeaders, buildUrl } from "../lib/api.js";
import { askForKey, getKey } from "../lib/identity.js";
import { t } from "../lib/i18n.js";

const AT_ONCE = 2;

/**
 * A product that is not sent yet: what was typed, and its pictures.
 * @typedef {{id: string, name: string, description: string, metadata: Record<string, any>, files: File[]}} Draft
 */

/**
 * Creates drafts from files: the files of one sub-folder become one product, every other file its own.
 * @param {Iterable<string>} existingIds  ids that are taken; a second draft of the same name gets another id
 */
export function createDrafts(files, existingIds = []) {
  const ids = new Set(existingIds);
  const drafts = new Map(); // by folder, or by file outside a folder
  for (const file of files) {
    const folder = (file.webkitRelativePath ?? "").split("/").slice(1, -1);
    const group = folder.length ? folder.join("/") : file;
    if (!drafts.has(group)) drafts.set(group, createDraft(makeUnique(toId(folder.at(-1) ?? file.name.replace(/\.[^.]*$/, "")), ids)));
    drafts.get(group).files.push(file);
  }
  return [...drafts.values()];
}

function createDraft(id) {
  return { id, name: toTitle(id), description: "", metadata: {}, files: [] };
}

function makeUnique(id, ids) {
  let candidate = id;
  for (let count = 2; ids.has(candidate); count += 1) candidate = `${id}-${count}`;
  ids.add(candidate);
  return candidate;
}

/**
 * Sends the drafts, `AT_ONCE` at a time, and reports each with `onUpdate(draft, {progress?, done?, error?})`.
 * @returns {Promise<void>} resolves when every draft has succeeded or failed
 */
export async function sendAll(drafts, onUpdate, signal) {
  const queue = [...drafts];
  const runWorker = async () => {
    for (let draft = queue.shift(); draft && !signal.aborted; draft = queue.shift()) {
      const error = await sendDraft(draft, (progress) => onUpdate(draft, { progress }), signal);
      onUpdate(draft, error ? { error } : { done: true });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runWorker));
}

/** Returns what went wrong, or an empty text when the product is indexed. */
async function sendDraft(draft, onProgress, signal) {
  const usedKey = getKey();
  const { status, body } = await postForm(buildForm(draft), onProgress, signal);
  if (status === 200) return "";
  if (status === 401 && (await askForKey(usedKey))) return sendDraft(draft, onProgress, signal);
  if (status === 0) return t("error.offline");
  return readProblem(body) || t("error.unknown", { status });
}

/** Uses XMLHttpRequest, because fetch does not report upload progress. */
function postForm(form, onProgress, signal) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const finish = () => resolve({ status: request.status, body: request.responseText });
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); });
    request.addEventListener("loadend", finish);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", buildUrl("index-product-with-image"));
    for (const [name, value] of Object.entries(buildHeaders())) request.setRequestHeader(name, value);
    request.send(form);
  });
}

function buildForm(draft) {
  const form = new FormData();
  form.append("product_id", draft.id);
  form.append("name", draft.name);
  form.append("description", draft.description);
  form.append("metadata", JSON.stringify(draft.metadata));
  for (const file of draft.files) form.append("image_file", file, file.name);
  return form;
}

function readProblem(text) {
  try {
    return JSON.parse(text).detail ?? "";
  } catch {
    return "";
  }
}

function toId(text) {
  return text.trim().replace(/[/\\]+/g, "-").slice(0, 150) || "product";
}

function toTitle(id) {
  const words = id.replace(/[-_.\s]+/g, " ").trim();
  return words.replace(/(^|\s)\p{L}/gu, (letter) => letter.toUpperCase()) || id;
}
