/**
 * Embeds the pictures that are searched with. Each is sent once and only its embedding goes into the address:
 * moving the slider or filtering does not send it again, and a shared link contains no picture.
 */

import { post } from "../lib/api.js";
import { packVector } from "./vectors.js";

const SMALL_BYTES = 1_000_000;
const MAX_SIDE = 1024; // pixels; models look at 224 to 448
const QUALITY = 0.92;
const PREVIEW_SIDE = 128;

/** @typedef {{file: Blob, box: Box, preview: string}} QueryPicture */
/** @typedef {{x: number, y: number, w: number, h: number}} Box  fractions of the upright picture */

export const WHOLE = { x: 0, y: 0, w: 1, h: 1 };

/** @type {Map<string, QueryPicture>} by packed embedding; lost when the tab closes */
const pictures = new Map();

/** Returns what this tab knows of a picture in the address; a shared link brings no file and no preview. */
export function getQueryPicture(vector) {
  return pictures.get(vector) ?? { file: null, box: WHOLE, preview: sessionStorage.getItem(`picture ${vector.slice(0, 40)}`) };
}

/**
 * Embeds a picture, or the part of it in `box`.
 * @returns {Promise<string>} the packed embedding, as it goes into the address
 */
export async function embedPicture(file, box = WHOLE, signal = undefined) {
  const bitmap = await createImageBitmap(file).catch(() => null); // the app may still know the format, such as TIFF
  const form = new FormData();
  form.append("file", bitmap ? await cropPicture(file, bitmap, box) : file, file.name || "picture");
  const { embedding } = await post("embed-image", undefined, { form, signal });
  const vector = packVector(embedding);
  pictures.set(vector, { file, box, preview: bitmap ? renderPreview(bitmap, box) : "" });
  storePreview(vector);
  bitmap?.close();
  return vector;
}

async function cropPicture(file, bitmap, box) {
  const isWhole = box.w === 1 && box.h === 1;
  if (isWhole && file.size <= SMALL_BYTES) return file;
  const canvas = drawOnCanvas(bitmap, box, MAX_SIDE);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

function renderPreview(bitmap, box) {
  return drawOnCanvas(bitmap, box, PREVIEW_SIDE).toDataURL("image/jpeg", 0.8);
}

function drawOnCanvas(bitmap, box, maxSide) {
  const [width, height] = [bitmap.width * box.w, bitmap.height * box.h];
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // the app puts transparent pictures on white too
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, bitmap.width * box.x, bitmap.height * box.y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Stores the preview, so that it survives a reload. */
function storePreview(vector) {
  try {
    sessionStorage.setItem(`picture ${vector.slice(0, 40)}`, getQueryPicture(vector).preview);
  } catch {
    // the storage is full; the search works without it
  }
}
