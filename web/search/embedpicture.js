/**
 * Pictures that somebody searches with. Each is embedded once, and only its embedding is kept and goes into
 * the address: moving the slider or filtering does not send it again, and a shared link holds no picture.
 */

import { post } from "../lib/api.js";
import { packed } from "./vectors.js";

const SMALL_BYTES = 1_000_000;
const LONGEST = 1024; // pixels; models look at 224 to 448
const QUALITY = 0.92;
const THUMBNAIL = 128;

/** @typedef {{file: Blob, box: Box, preview: string}} Given  one of this tab's pictures */
/** @typedef {{x: number, y: number, w: number, h: number}} Box  fractions of the upright picture */

export const WHOLE = { x: 0, y: 0, w: 1, h: 1 };

/** @type {Map<string, Given>} by packed embedding; gone with the tab */
const given = new Map();

/** What is known of a picture in the address; nothing when the link came from elsewhere. */
export function known(vector) {
  return given.get(vector) ?? { file: null, box: WHOLE, preview: sessionStorage.getItem(`picture ${vector.slice(0, 40)}`) };
}

/**
 * Embeds a picture, or the part of it in `box`.
 * @returns {Promise<string>} the embedding as it stands in the address
 */
export async function taken(file, box = WHOLE, signal = undefined) {
  const bitmap = await createImageBitmap(file).catch(() => null); // TIFF, say: the app may know it
  const form = new FormData();
  form.append("file", bitmap ? await part(file, bitmap, box) : file, file.name || "picture");
  const { embedding } = await post("embed-image", undefined, { form, signal });
  const vector = packed(embedding);
  given.set(vector, { file, box, preview: bitmap ? preview(bitmap, box) : "" });
  remember(vector);
  bitmap?.close();
  return vector;
}

async function part(file, bitmap, box) {
  const isWhole = box.w === 1 && box.h === 1;
  if (isWhole && file.size <= SMALL_BYTES) return file;
  const canvas = drawn(bitmap, box, LONGEST);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

function preview(bitmap, box) {
  return drawn(bitmap, box, THUMBNAIL).toDataURL("image/jpeg", 0.8);
}

function drawn(bitmap, box, longest) {
  const [width, height] = [bitmap.width * box.w, bitmap.height * box.h];
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const brush = canvas.getContext("2d");
  brush.fillStyle = "#fff"; // as the app does with what is transparent
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, bitmap.width * box.x, bitmap.height * box.y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** So that a reloaded page still shows what was searched with. */
function remember(vector) {
  try {
    sessionStorage.setItem(`picture ${vector.slice(0, 40)}`, known(vector).preview);
  } catch {
    // the storage is full; the search itself needs none of it
  }
}
